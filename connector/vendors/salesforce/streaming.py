"""Salesforce's change events: whether they are listened to, and where."""

from typing import TYPE_CHECKING

from connector.vendors.options import Option, web_address
from connector.vendors.salesforce.signing_in import keeper_of
from connector.vendors.vendor import Means, Texts

if TYPE_CHECKING:
    from adapters.ports import ChangeStream

_USUAL = "Opportunity,Lead,Task,Event,OpportunityContactRole"
"""Five objects may be selected without paying for more."""


def _objects(text: str) -> str:
    from adapters.salesforce.kinds import KINDS  # noqa: PLC0415
    from adapters.salesforce.links import LINKS  # noqa: PLC0415

    known = (*KINDS, *LINKS)
    names = list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    if not names or not set(names) <= set(known):
        raise ValueError(f"it may name {', '.join(known)}, with commas between")
    return ",".join(names)


STREAM_OPTIONS = (
    Option(
        "pubsub_url",
        "Where the Pub/Sub API is, which tells of changes as they happen:"
        " https://api.pubsub.salesforce.com:7443. Without it Slagboom does not listen"
        " there.",
        is_required=False,
        check=web_address,
    ),
    Option(
        "pubsub_objects",
        "The objects that are selected under Change Data Capture, with commas.",
        default=_USUAL,
        check=_objects,
    ),
)


def open_stream(
    name: str, settings: Texts, secrets: Texts, means: Means
) -> "ChangeStream | None":
    """Return the change events of the connection `name`, None unless it has asked.

    Raises Permanent for an address that cannot be used.
    """
    url = settings.get("pubsub_url")
    if not url:
        return None
    from adapters.salesforce import pubsub  # noqa: PLC0415

    return pubsub.open_stream(
        keeper=keeper_of(name, settings, secrets, means),
        organization_id=settings["org_id"],
        pubsub_url=url,
        # A connection that was made before this was asked for has none.
        objects=settings.get("pubsub_objects", _USUAL).split(","),
        allow_private=means.allow_private,
    )
