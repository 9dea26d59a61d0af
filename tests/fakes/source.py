"""A sender whose signature is a word, and a stream that is only probed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from adapters.ports import DeliveryRefused, Heard, Inbound, ProbeLine, Subscription

SIGNATURE = "X-Signature"
TOLERANCE = timedelta(minutes=5)


class FakeSource:
    """A `ChangeSource`: `word` signs, and a body must begin like a JSON array.

    One that `is_closed` lets nobody in, whatever they bring.
    """

    def __init__(self, word: str = "right", *, is_closed: bool = False) -> None:
        self.word = word
        self.is_closed = is_closed
        self.seen: list[Inbound] = []

    def admit(self, headers: Mapping[str, str]) -> None:  # noqa: ARG002
        if self.is_closed:
            raise DeliveryRefused("Nobody lives here.", reason="closed", status=404)

    def check(self, inbound: Inbound) -> bytes:
        self.seen.append(inbound)
        if inbound.headers.get(SIGNATURE) != self.word:
            raise DeliveryRefused(
                "The signature does not fit.", reason="signature", status=401
            )
        if not inbound.body.startswith(b"["):
            raise DeliveryRefused(
                "The body is no list of events.", reason="shape", status=400
            )
        return inbound.body

    def hear(self, _body: bytes) -> Sequence[Heard]:
        return []

    def acknowledgement(self) -> tuple[bytes, str]:
        return b"thank you", "text/plain"


class FakeStream:
    """A `ChangeStream` whose probe says `lines`; nobody listens to it."""

    topics = ()

    def __init__(self, *lines: ProbeLine) -> None:
        self.lines = lines

    def probe(self) -> Sequence[ProbeLine]:
        return self.lines

    def subscribe(self, topic: str, cursor: str | None) -> Subscription:
        raise AssertionError(f"nobody listens to {topic} from {cursor}")
