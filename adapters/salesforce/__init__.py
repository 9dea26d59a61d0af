"""Salesforce: an organisation's records, and the deliveries that tell of changes."""

from collections.abc import Sequence
from time import sleep as system_sleep
from typing import TYPE_CHECKING

from adapters.ports import ChangeSource, Crm
from adapters.salesforce.inbound import SalesforceSource

if TYPE_CHECKING:
    from adapters.budget import Budget
    from adapters.http import Clock, Sleep
    from adapters.oauth import TokenKeeper

__all__ = ["API_VERSION", "open_crm", "open_source"]

API_VERSION = "67.0"
"""The newest that is released; a later one may not be there yet."""


def open_crm(
    *,
    keeper: "TokenKeeper",
    organization_id: str,
    site_url: str,
    budget: "Budget",
    clock: "Clock",
    api_version: str = API_VERSION,
    allow_private: bool = False,
    sleep: "Sleep" = system_sleep,
) -> Crm:
    """Return the organisation that the keeper's tokens open; keep it for its pools.

    `site_url` is where people open the organisation. Nothing is sent yet. Raises
    Permanent for an address or a version that cannot be used.
    """
    # Here, so that a web process that only takes deliveries does not load the library.
    from adapters.http import check_address  # noqa: PLC0415
    from adapters.salesforce.client import SalesforceClient  # noqa: PLC0415
    from adapters.salesforce.crm import SalesforceCrm  # noqa: PLC0415

    client = SalesforceClient(
        keeper=keeper,
        budget=budget,
        clock=clock,
        api_version=api_version,
        allow_private=allow_private,
        sleep=sleep,
    )
    return SalesforceCrm(
        client,
        organization_id=organization_id,
        site_url=check_address(site_url, allow_private=allow_private),
        clock=clock,
        sleep=sleep,
    )


def open_source(
    *,
    secrets: Sequence[str],
    organization_id: str,
    secret: str | None,
    integration_user_id: str | None = None,
    certificates: Sequence[str] = (),
    certificate_header: str = "",
) -> ChangeSource:
    """Return what checks and reads one delivery that came with `secret`.

    Any of `secrets` will do. `integration_user_id` is the user whom Slagboom signs in
    as, by whom our own writes are known. With `certificates` (SHA-256 fingerprints) the
    header must tell that the sender showed one of them.
    """
    return SalesforceSource(
        secrets=secrets,
        organization_id=organization_id,
        secret=secret,
        integration_user_id=integration_user_id,
        certificates=certificates,
        certificate_header=certificate_header,
    )
