"""Receiving: a delivery is checked, stored, and only then acknowledged.

What a delivery says is read later, by a worker: acknowledging costs one insert, however
many events came, and a sender is never kept waiting by what they lead to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from adapters.ports import ChangeSource, DeliveryRefused, Inbound
from connector.clock import Clock
from connector.errors import KeyMissing, StoreDown
from connector.log import get_logger
from connector.metrics import Counter
from connector.services.intake import Intake
from connector.store import Store
from connector.store.connections import Connection
from connector.store.deliveries import NewDelivery

SourceFor = Callable[[Connection, str | None], ChangeSource]
"""Gives the source of a connection; the text is the secret of the address, if any."""

REMEMBERED = timedelta(seconds=5)
"""For so long the connections are still taken for what they were."""

ACCEPTED = "accepted"

log = get_logger(__name__)


class Afterwards(Protocol):
    """What may be done after the answer; it neither blocks nor fails."""

    def hint(self, job: str, argument: int) -> None:
        """Say that `job` has something to do."""
        ...

    def count(self, counter: Counter, **labels: str) -> None:
        """Count an event."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What tells the sender that a delivery is stored."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Door:
    """Where the deliveries of one connection come in."""

    connection: Connection
    source: ChangeSource


@dataclass(frozen=True, slots=True)
class _Known:
    """The connections, by name, and those of their doors that were asked for."""

    until: datetime
    connections: Mapping[str, Connection]
    doors: dict[str, Door] = field(default_factory=dict)


class Receive:
    """Takes deliveries in. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        *,
        source_for: SourceFor,
        afterwards: Afterwards,
        clock: Clock,
    ) -> None:
        """Check deliveries through `source_for` their connection."""
        self._store = store
        self._intake = Intake(store)
        self._source_for = source_for
        self._afterwards = afterwards
        self._clock = clock
        self._known: _Known | None = None

    def open(self, vendor: str, name: str, secret: str | None = None) -> Door:
        """Return where deliveries of this connection come in.

        It may be some seconds old, or not known for some seconds. Raises
        DeliveryRefused if there is no such connection, or it has no such address;
        StoreDown; KeyMissing.
        """
        door = self._find(name)
        if door is None or door.connection.vendor != vendor:
            raise DeliveryRefused(
                "No account is connected at this address. Compare the address of the"
                " webhook with the one that `slagboom connections` shows.",
                reason="unknown_connection",
                status=404,
            )
        if secret is None:
            return door
        # Not kept: anybody can make secrets up.
        return Door(door.connection, self._source_for(door.connection, secret))

    def accept(self, door: Door, inbound: Inbound) -> Receipt:
        """Check and store a delivery; when this returns it is safe.

        Raises DeliveryRefused if it is not taken, StoreDown if it could not be stored.
        """
        kept = door.source.check(inbound)
        self._intake.add(NewDelivery(door.connection.id, kept, inbound.received_at))
        self._afterwards.hint("look", door.connection.id)
        self._afterwards.count(
            Counter.DELIVERIES, vendor=door.connection.vendor, answer=ACCEPTED
        )
        body, content_type = door.source.acknowledgement()
        return Receipt(body, content_type)

    def refuse(self, vendor: str | None, error: Exception) -> DeliveryRefused:
        """Count and log a delivery that is not taken; return how to answer it.

        `vendor` is that of the connection, None if there is none. What the sender
        wrote is neither logged nor counted by.
        """
        refused = _to_refusal(error)
        self._afterwards.count(
            Counter.DELIVERIES, vendor=vendor or "none", answer=refused.reason
        )
        log.warning(
            "delivery.refused",
            vendor=vendor,
            reason=refused.reason,
            status=refused.status,
        )
        return refused

    def _find(self, name: str) -> Door | None:
        """Return the door of a connection without a secret, as it was lately.

        All are read at once: whoever tries names neither keeps the database busy, nor
        learns from the time that it takes which ones there are.
        """
        known = self._know()
        connection = known.connections.get(name)
        if connection is not None and name not in known.doors:
            known.doors[name] = Door(connection, self._source_for(connection, None))
        return known.doors.get(name)

    def _know(self) -> _Known:
        now, known = self._clock.now(), self._known
        if known is None or now >= known.until:
            with self._store.begin() as tx:
                found = tx.connections.all()
            known = _Known(now + REMEMBERED, {one.name: one for one in found})
            self._known = known
        return known


def _to_refusal(error: Exception) -> DeliveryRefused:
    match error:
        case DeliveryRefused():
            return error
        case StoreDown():
            return DeliveryRefused(
                "It could not be stored just now. Please send it again.",
                reason="store_down",
                status=503,
            )
        case KeyMissing():
            return DeliveryRefused(
                "It could not be checked, because the connection's secret cannot be"
                " opened. Set SLAGBOOM_KEYS to the keys it was sealed with.",
                reason="key_missing",
                status=503,
            )
        case _:
            raise error
