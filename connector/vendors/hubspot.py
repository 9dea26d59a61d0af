"""HubSpot: what it needs to know, and how to open it."""

from typing import TYPE_CHECKING

from connector.vendors.options import Option, number, web_address
from connector.vendors.vendor import (
    PREVIOUS,
    CrmVendor,
    Means,
    Project,
    Site,
    Texts,
)

if TYPE_CHECKING:
    from adapters.ports import ChangeSource, Crm


def _open_crm(name: str, settings: Texts, secrets: Texts, means: Means) -> "Crm":
    from adapters.budget import RedisBudget  # noqa: PLC0415
    from adapters.hubspot import open_crm  # noqa: PLC0415

    return open_crm(
        token=secrets["token"],
        portal_id=settings["portal_id"],
        app_id=_app_id(settings),
        api_url=settings["api_url"],
        api_version=settings["api_version"],
        budget=RedisBudget(means.redis, f"hubspot:{settings['portal_id']}:{name}"),
        clock=means.clock,
        allow_private=means.allow_private,
    )


def _open_source(
    settings: Texts, secrets: Texts, _secret: str | None, _user: str
) -> "ChangeSource":
    from adapters.hubspot import open_source  # noqa: PLC0415

    known = [secrets["webhook_secret"], secrets.get(PREVIOUS + "webhook_secret", "")]
    return open_source(
        secrets=[secret for secret in known if secret],
        portal_id=settings["portal_id"],
        app_id=_app_id(settings),
        has_leads=_has_leads(settings),
    )


def _to_files(site: Site) -> Texts:
    from adapters.hubspot.project import to_files  # noqa: PLC0415

    return to_files(
        webhook_url=site.webhook_url,
        fields=site.fields,
        has_leads=_has_leads(site.settings),
        before=site.before,
    )


def _has_leads(settings: Texts) -> bool:
    return settings.get("leads") != "contacts"


def _app_id(settings: Texts) -> int | None:
    return int(settings["app_id"]) if settings.get("app_id") else None


HUBSPOT = CrmVendor(
    key="hubspot",
    title="HubSpot",
    options=(
        Option(
            "token",
            "The access token of the private app, or the static token of the"
            " project's app.",
            is_secret=True,
        ),
        Option(
            "webhook_secret",
            "The app's client secret, with which HubSpot signs its webhooks.",
            is_secret=True,
        ),
        Option("portal_id", "The account's number (Hub ID).", check=number),
        Option(
            "app_id",
            "The app's number. With it Slagboom knows its own changes.",
            is_required=False,
            check=number,
        ),
        Option(
            "leads",
            "What a lead is in this account: the leads object, or a contact by its"
            " lifecycle stage.",
            default="objects",
            choices=("objects", "contacts"),
        ),
        Option(
            "api_url",
            "Where the API is.",
            default="https://api.hubapi.com",
            check=web_address,
        ),
        Option(
            "api_version",
            "The version of HubSpot's paths.",
            default="2026-03",
            choices=("v3", "2026-03", "2026-09"),
        ),
    ),
    open_crm=_open_crm,
    open_source=_open_source,
    example=(
        "slagboom connect hubspot acme --token-file token.txt"
        " --webhook-secret-file secret.txt --portal-id 12345678"
    ),
    rotated=("webhook_secret",),
    after=(
        "In HubSpot, have the app send its webhooks to {webhook}.",
        "What it subscribes to is in the project that this writes:",
        "slagboom hubspot init hubspot --connection {name}",
    ),
    project=Project(
        to_files=_to_files,
        commands=("hs account auth", "hs project upload"),
        by_hand=(
            "In HubSpot, open the project's app, and install it under Distribution.",
            "Save its access token and its client secret in files, and connect them.",
            "After you publish a policy that names more properties: do this again.",
        ),
    ),
)
