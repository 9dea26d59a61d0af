"""The org's change data capture on the Pub/Sub API.

gRPC and Avro are loaded, and a port is taken, when somebody first asks for the address:
most who use the sandbox do not listen.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Happening

if TYPE_CHECKING:
    import grpc

    from adapters.sandbox.salesforce.pubsub_bus import Bus
    from adapters.sandbox.salesforce.pubsub_events import Changes

Json = dict[str, Any]

SELECTED = (
    "Opportunity",
    "Lead",
    "Task",
    "Event",
    "OpportunityContactRole",
    "Quote",
)
_CALLS_AT_ONCE = 64
"""An open subscription is a call."""


@dataclass(frozen=True, slots=True)
class _Running:
    bus: "Bus"
    changes: "Changes"
    server: "grpc.Server"
    threads: ThreadPoolExecutor
    url: str


class PubSub:
    """The stream of one org: nothing is published before the first look at `url`.

    `lock` guards the org. `stop` is called without it.
    """

    def __init__(self, org: Org, lock: RLock, host: str) -> None:
        self._org = org
        self._lock = lock
        self._host = host
        self._selected: set[str] = set(SELECTED)
        self._running: _Running | None = None
        org.hearers.append(self._hear)

    @property
    def url(self) -> str:
        """Return what stands for api.pubsub.salesforce.com:7443, without TLS."""
        return self._started().url

    def select(self, entities: Sequence[str]) -> None:
        """Have the org tell of changes of these objects only; raises ValueError."""
        if unknown := [one for one in entities if self._org.type(one) is None]:
            raise ValueError(f"this org has no {unknown}")
        # The service looks at this very set.
        self._selected.clear()
        self._selected.update(entities)

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set habits; raises ValueError for an unknown one."""
        self._started().bus.habits.change(raw)

    def trouble(self, kind: str, count: int) -> int:
        """Break something; return how many subscriptions it struck.

        cut: every open stream ends. silence: every open stream goes on without a word.
        refuse: so many calls are told that their token is wrong. exhaust: so many
        streams are not opened, since the org has been told of too much. gap, overflow:
        so many events tell no more than that something changed. forget: nothing is kept
        of what was published until now. Raises ValueError for any other kind.
        """
        running = self._started()
        troubles: dict[str, Callable[[], int | None]] = {
            "cut": running.bus.cut,
            "silence": running.bus.silence,
            "forget": running.bus.forget,
            "exhaust": lambda: setattr(running.bus, "exhaustions", count),
            "refuse": lambda: setattr(running.bus, "refusals", count),
            "gap": lambda: setattr(running.changes, "gaps", count),
            "overflow": lambda: setattr(running.changes, "overflows", count),
        }
        if kind not in troubles:
            raise ValueError(f"no trouble {kind!r}; there are {sorted(troubles)}")
        return troubles[kind]() or 0

    def state(self) -> Json:
        """Return who listens: the objects, and how often a subscription was opened."""
        bus = self._started().bus
        with bus.changed:
            listening = [line.entity for line in bus.lines if not line.is_silent]
            return {"listening": sorted(listening), "opened": bus.opened}

    def reset(self) -> None:
        """Forget every event, and end every subscription."""
        self._selected.clear()
        self._selected.update(SELECTED)
        if self._running is not None:
            self._running.bus.reset()
            self._running.changes.gaps = self._running.changes.overflows = 0

    def stop(self) -> None:
        """End every subscription and close the port."""
        if self._running is not None:
            self._running.server.stop(grace=None).wait()
            self._running.threads.shutdown()
            self._running = None

    def _hear(self, happenings: list[Happening]) -> None:
        if self._running is not None:
            told = [one for one in happenings if one.type in self._selected]
            self._running.bus.publish(self._running.changes.drafts(told))

    def _started(self) -> _Running:
        with self._lock:
            if self._running is None:
                self._running = self._start()
            return self._running

    def _start(self) -> _Running:
        import grpc  # noqa: PLC0415

        from adapters.eventbus.pubsub_api_pb2_grpc import (  # noqa: PLC0415
            add_PubSubServicer_to_server,
        )
        from adapters.sandbox.salesforce.pubsub_bus import Bus  # noqa: PLC0415
        from adapters.sandbox.salesforce.pubsub_events import Changes  # noqa: PLC0415
        from adapters.sandbox.salesforce.pubsub_service import Service  # noqa: PLC0415

        bus, changes = Bus(self._org.clock.now_ms), Changes(self._org)
        threads = ThreadPoolExecutor(_CALLS_AT_ONCE, "pubsub")
        # A port that another program listens on must not be shared with it.
        server = grpc.server(threads, options=[("grpc.so_reuseport", 0)])
        service = Service(self._org, bus, changes, self._lock, self._selected)
        add_PubSubServicer_to_server(service, server)
        port = server.add_insecure_port(f"{self._host}:0")
        server.start()
        return _Running(bus, changes, server, threads, f"http://{self._host}:{port}")
