"""What change events tell us: which records to look at, and who changed them. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from adapters.ports import Heard, HeardKind
from adapters.salesforce.actors import to_actor
from adapters.salesforce.ids import is_same, prefix_of, to_18
from adapters.salesforce.kinds import KINDS, TYPES
from adapters.salesforce.links import LINKS, to_linked_ref
from adapters.salesforce.pubsub.events import ChangeEvent
from rules.model import Actor, ActorClass, RecordId, RecordRef

CLIENT = "slagboom"
"""What we call ourselves in the header `Sforce-Call-Options` of every write."""

_GAP = "GAP_"
_OVERFLOW = "GAP_OVERFLOW"
_KINDS: Mapping[str, HeardKind] = MappingProxyType(
    {
        "CREATE": HeardKind.CREATED,
        "UPDATE": HeardKind.CHANGED,
        "DELETE": HeardKind.DELETED,
        "UNDELETE": HeardKind.RESTORED,
    }
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Salesforce's own pages work through an API of its own.
_OWN_PAGES = "SfdcInternalAPI"
_STAMPS = frozenset({"LastModifiedDate", "LastModifiedById"})


def hear(event: ChangeEvent, *, ours: str) -> tuple[Heard, ...]:
    """Return what leads to a record that we follow; `ours` is our own user."""
    if event.kind == _OVERFLOW:
        return ()
    if event.entity in LINKS:
        return _linked(event, ours)
    return tuple(_followed(event, ours))


def is_whole(event: ChangeEvent) -> bool:
    """Return whether an event names all that it is about.

    Too many changes at once are told as one overflow without any record, or with `006*`
    for all of them. A gap says which record changed, but not which one it hangs on.
    """
    is_gap = event.kind.startswith(_GAP)
    if event.kind == _OVERFLOW or (is_gap and event.entity in LINKS):
        return False
    return all(_is_id(one) for one in event.record_ids)


def _followed(event: ChangeEvent, ours: str) -> Iterator[Heard]:
    kind = KINDS.get(event.entity)
    what = _KINDS.get(event.kind.removeprefix(_GAP))
    if kind is None or what is None:
        return
    changed = ", ".join(one for one in event.changed if one not in _STAMPS)
    for record_id in event.record_ids:
        if _is_id(record_id) and prefix_of(record_id) == TYPES[kind].prefix:
            full = RecordId(to_18(record_id))
            yield Heard(
                key=_key(event, full),
                kind=what,
                ref=RecordRef(kind, full),
                occurred_at=_occurred_at(event),
                actor=author_of(event, ours=ours),
                property=changed,
            )


def _linked(event: ChangeEvent, ours: str) -> tuple[Heard, ...]:
    """Return the hint to the record that a piece of evidence hangs on.

    The event of a change says that only if it is what changed.
    """
    told = {name: one for name, one in event.fields.items() if isinstance(one, str)}
    ref = to_linked_ref(event.entity, told)
    if ref is None:
        return ()
    return (
        Heard(
            key=_key(event, ref.id),
            kind=HeardKind.LINKED,
            ref=ref,
            occurred_at=_occurred_at(event),
            actor=author_of(event, ours=ours),
            property=event.entity,
        ),
    )


def author_of(event: ChangeEvent, *, ours: str) -> Actor:
    """Return who made a change, by its origin and its user.

    An origin reads `com/salesforce/api/rest/68.0;client=name`; it is empty for what
    came through no API. The name is the client's own word, and not every call carries
    it.
    """
    path, _, client = event.origin.partition(";client=")
    client = client.strip("/ ")
    if client == CLIENT or is_same(event.user_id, ours):
        is_other = client not in {"", CLIENT}
        kind = ActorClass.INTEGRATION if is_other else ActorClass.OURSELVES
        return Actor(kind, client if is_other else event.user_id, event.user_id)
    if "/bulk" in path:
        return Actor(ActorClass.IMPORT, client or event.user_id, event.user_id)
    if path and client != _OWN_PAGES:
        return Actor(ActorClass.INTEGRATION, client or event.user_id, event.user_id)
    return to_actor(event.user_id, ours=ours)


def _key(event: ChangeEvent, record_id: str) -> str:
    """Return what is the same each time that this change of this record is told."""
    return f"cdc|{event.transaction}|{event.sequence}|{record_id}"


def _occurred_at(event: ChangeEvent) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=event.committed_at_ms)
    except OverflowError:
        return _EPOCH


def _is_id(text: str) -> bool:
    try:
        to_18(text)
    except ValueError:
        return False
    return True
