"""HubSpot: one account's records, and the deliveries that tell of changes."""

from collections.abc import Sequence
from time import sleep as system_sleep
from typing import TYPE_CHECKING

from adapters.hubspot.inbound import HubSpotSource
from adapters.ports import ChangeSource, Crm

if TYPE_CHECKING:
    from adapters.budget import Budget
    from adapters.http import Clock, Sleep

__all__ = ["API_URL", "API_VERSION", "open_crm", "open_source"]

API_URL = "https://api.hubapi.com"
API_VERSION = "2026-03"


def open_crm(
    *,
    token: str,
    portal_id: int | str,
    app_id: int | None,
    budget: "Budget",
    clock: "Clock",
    api_url: str = API_URL,
    api_version: str = API_VERSION,
    allow_private: bool = False,
    sleep: "Sleep" = system_sleep,
) -> Crm:
    """Return the account that this token opens; keep it, since making one is slow.

    `app_id` is our own app's, by which our own writes are known. Nothing is sent yet.
    Raises Permanent for an address or a version that cannot be used.
    """
    # Here, so that a web process that only takes deliveries does not load the SDK.
    from adapters.hubspot.client import HubSpotClient  # noqa: PLC0415
    from adapters.hubspot.crm import HubSpotCrm  # noqa: PLC0415
    from adapters.hubspot.paths import Paths  # noqa: PLC0415

    client = HubSpotClient(
        token=token,
        api_url=api_url,
        budget=budget,
        clock=clock,
        allow_private=allow_private,
        sleep=sleep,
    )
    return HubSpotCrm(
        client,
        Paths(api_version),
        portal_id=str(portal_id),
        app_id=app_id,
        clock=clock,
    )


def open_source(
    *,
    secrets: Sequence[str],
    portal_id: int | str,
    app_id: int | None,
    has_leads: bool = True,
) -> ChangeSource:
    """Return what checks and reads this account's deliveries.

    Any of `secrets` will do. `has_leads` is false for an account whose leads are
    contacts: their events then speak of leads.
    """
    return HubSpotSource(
        secrets=secrets, portal_id=portal_id, app_id=app_id, has_leads=has_leads
    )
