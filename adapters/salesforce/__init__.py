"""Salesforce: the deliveries that tell of an organisation's changes."""

from collections.abc import Sequence

from adapters.ports import ChangeSource
from adapters.salesforce.inbound import SalesforceSource

__all__ = ["open_source"]


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
