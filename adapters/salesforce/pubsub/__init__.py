"""Salesforce's Pub/Sub API: changes as they happen, at our own request."""

from collections.abc import Sequence

from adapters.oauth import TokenKeeper
from adapters.ports import ChangeStream
from adapters.salesforce.pubsub.stream import PubSubStream

__all__ = ["open_stream"]


def open_stream(
    *,
    keeper: TokenKeeper,
    organization_id: str,
    pubsub_url: str,
    objects: Sequence[str],
    allow_private: bool = False,
) -> ChangeStream:
    """Return the change events of an organisation; nothing is connected yet.

    `pubsub_url` is https://api.pubsub.salesforce.com:7443 or one near the organisation.
    """
    return PubSubStream(
        keeper=keeper,
        organization_id=organization_id,
        pubsub_url=pubsub_url,
        objects=objects,
        allow_private=allow_private,
    )
