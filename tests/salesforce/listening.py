"""Listening to the sandbox's organisation, as tests do it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from redis import Redis

from adapters.errors import OutsideError
from adapters.oauth import TokenKeeper
from adapters.ports import Fetched, Heard, Subscription
from adapters.salesforce.grants import ClientCredentials
from adapters.salesforce.pubsub.stream import PubSubStream
from adapters.salesforce.token_endpoint import TokenEndpoint
from adapters.sandbox import Sandbox
from tests.fakes.clock import FrozenClock
from tests.sandbox.kit import REP, Control
from tests.waiting import wait_for

OBJECTS = ("Opportunity", "Lead", "Task")
SECONDS = 60


def a_keeper(sandbox: Sandbox, redis: Redis, clock: FrozenClock) -> TokenKeeper:
    endpoint = TokenEndpoint(
        sandbox.salesforce_url,
        client_id="sandbox-consumer-key",
        organization_id=sandbox.salesforce.id,
        clock=clock,
        allow_private=True,
        sleep=lambda _: None,
    )
    grant = ClientCredentials(endpoint, "sandbox-consumer-secret")
    return TokenKeeper(grant, redis=redis, name="acme")


def a_stream(sandbox: Sandbox, keeper: TokenKeeper) -> PubSubStream:
    return PubSubStream(
        keeper=keeper,
        organization_id=sandbox.salesforce.id,
        pubsub_url=sandbox.pubsub_url,
        objects=OBJECTS,
        allow_private=True,
    )


class Ear:
    """Hears a subscription in a thread of its own, as the service does."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.error: OutsideError | None = None
        self._told: SimpleQueue[Fetched | None] = SimpleQueue()
        self._thread = Thread(target=self._listen)
        self._thread.start()

    def fetched(self) -> Fetched:
        found = self._told.get(timeout=SECONDS)
        assert found is not None, self.error
        return found

    def next(self) -> Fetched:
        """Return the next that is more than a sign of life."""
        while not (found := self.fetched()).heard and not found.gap:
            pass
        return found

    def heard(self, count: int = 1) -> list[Heard]:
        found: list[Heard] = []
        while len(found) < count:
            found += self.fetched().heard
        return found

    def end(self) -> OutsideError | None:
        """Return what ended it, None if it was closed."""
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        return self.error

    def close(self) -> None:
        self.subscription.close()
        self.end()

    def _listen(self) -> None:
        try:
            for one in self.subscription:
                self._told.put(one)
        except OutsideError as error:
            self.error = error
        self._told.put(None)


class Listening:
    """Everything that a test of the stream needs."""

    def __init__(self, sandbox: Sandbox, control: Control, keeper: TokenKeeper) -> None:
        self.sandbox = sandbox
        self.control = control
        self.keeper = keeper
        self.stream = a_stream(sandbox, keeper)

    @contextmanager
    def to(self, topic: str, cursor: str | None = None) -> Iterator[Ear]:
        """Listen to a topic; the stream is open before this goes on."""
        before = self.opened()
        ear = Ear(self.stream.subscribe(topic, cursor))
        wait_for(lambda: ear.error or self.opened() > before, "the stream")
        try:
            yield ear
        finally:
            ear.close()

    def opened(self) -> int:
        return int(self.control.get("salesforce/pubsub")["opened"])

    def listening(self) -> Sequence[str]:
        return self.control.get("salesforce/pubsub")["listening"]

    def add_deal(self, **fields: object) -> str:
        made = self.control.post(
            "salesforce/create", user=REP, fields={"Name": "Acme", **fields}
        )
        return str(made["id"])

    def change(self, record: str, **fields: object) -> None:
        self.control.post("salesforce/act", id=record, user=REP, fields=fields)

    def trouble(self, kind: str, count: int = 1) -> None:
        self.control.post("salesforce/pubsub/trouble", kind=kind, count=count)
