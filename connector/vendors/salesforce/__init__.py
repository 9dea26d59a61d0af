"""Salesforce: what it needs to know, and how to open it."""

from typing import TYPE_CHECKING

from connector.vendors.salesforce.options import OPTIONS
from connector.vendors.salesforce.project import PROJECT
from connector.vendors.salesforce.signing_in import begin, check, forget, keeper_of
from connector.vendors.salesforce.streaming import STREAM_OPTIONS, open_stream
from connector.vendors.vendor import PREVIOUS, CrmVendor, Means, Texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.ports import ChangeSource, Crm
    from rules.model import Kind, Noun

__all__ = ["SALESFORCE", "keeper_of"]


def _open_crm(name: str, settings: Texts, secrets: Texts, means: Means) -> "Crm":
    from adapters.budget import RedisBudget  # noqa: PLC0415
    from adapters.salesforce import API_VERSION, open_crm  # noqa: PLC0415

    return open_crm(
        keeper=keeper_of(name, settings, secrets, means),
        organization_id=settings["org_id"],
        site_url=settings["instance_url"],
        # Salesforce counts the requests of an organisation, whoever makes them.
        budget=RedisBudget(means.redis, f"salesforce:{settings['org_id']}"),
        clock=means.clock,
        api_version=settings.get("api_version") or API_VERSION,
        allow_private=means.allow_private,
    )


def _open_source(
    settings: Texts, secrets: Texts, secret: str | None, user: str
) -> "ChangeSource":
    from adapters.salesforce import open_source  # noqa: PLC0415

    known = [secrets["webhook_secret"], secrets.get(PREVIOUS + "webhook_secret", "")]
    certificates = settings.get("client_certificates", "")
    return open_source(
        secrets=[one for one in known if one],
        organization_id=settings["org_id"],
        secret=secret,
        integration_user_id=user or None,
        certificates=[one for one in certificates.split(",") if one],
        certificate_header=settings.get("client_certificate_header", ""),
    )


def _nouns() -> "Mapping[Kind, Noun]":
    from adapters.salesforce.kinds import NOUNS  # noqa: PLC0415

    return NOUNS


SALESFORCE = CrmVendor(
    key="salesforce",
    title="Salesforce",
    options=(*OPTIONS, *STREAM_OPTIONS),
    open_crm=_open_crm,
    open_source=_open_source,
    open_stream=open_stream,
    nouns=_nouns,
    example=(
        "slagboom connect salesforce acme"
        " --instance-url https://acme.my.salesforce.com"
        " --client-id 3MVG9... --client-secret-file client-secret.txt"
        " --org-id 00D... --webhook-secret-file webhook-secret.txt"
    ),
    rotated=("webhook_secret",),
    has_secret_address=True,
    check=check,
    begin=begin,
    forget=forget,
    after=(
        "In Salesforce, have the outbound messages sent to {webhook}",
        "with the text of --webhook-secret-file in the place of the last part. It is",
        "not shown again: keep it where you keep passwords. What sends them is in the",
        "project that this writes:",
        "slagboom salesforce init salesforce --connection {name}",
    ),
    project=PROJECT,
)
