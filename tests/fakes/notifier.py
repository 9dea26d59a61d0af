"""A way to reach people that keeps what it sends, and fails as it is told."""

from typing import TYPE_CHECKING

from adapters.errors import NotFound, OutsideError, Unanswered
from adapters.ports import Message, Probe, ProbeLine, Sent

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeNotifier:
    """An `adapters.ports.Notifier` in memory.

    `failures` are raised one by one, by whatever asks next. `loses` so many messages
    arrive without an answer. `strangers` are addresses it does not know. `on_send`
    runs when a message has arrived, before the answer; `takes` whenever it is asked.
    """

    def __init__(self, *, can_find: bool = True, can_update: bool = True) -> None:
        """Be a channel such as Slack, or such as mail with neither."""
        self.messages: dict[str, Message] = {}
        self.sent: list[Message] = []
        self.failures: list[OutsideError] = []
        self.loses = 0
        self.strangers: set[str] = set()
        self.refusal: OutsideError | None = None
        self.on_send: Callable[[Message], None] = lambda _: None
        self.takes: Callable[[], object] = lambda: None
        self.looks = 0
        self._can_find = can_find
        self._can_update = can_update

    def send(self, message: Message) -> Sent:
        """Keep the message."""
        self._fail()
        if message.to in self.strangers:
            raise NotFound("Nobody has this address.", code="users_not_found")
        self.sent.append(message)
        reference = f"m{len(self.sent)}"
        self.messages[reference] = message
        self.on_send(message)
        if self.loses:
            self.loses -= 1
            raise Unanswered("No answer came.")
        return Sent({"id": reference})

    def find(self, message: Message) -> Sent | None:
        """Return where the message with this key is."""
        self.looks += 1
        self._fail()
        if not self._can_find:
            return None
        for reference, one in self.messages.items():
            if one.key == message.key and one.to == message.to:
                return Sent({"id": reference})
        return None

    def update(self, sent: Sent, message: Message) -> None:
        """Replace the message."""
        self._fail()
        if not self._can_update:
            return
        if sent.reference["id"] not in self.messages:
            raise NotFound("The message is gone.", code="message_not_found")
        self.messages[sent.reference["id"]] = message

    def probe(self) -> Probe:
        """Say whether it would work."""
        try:
            self._fail()
        except OutsideError as error:
            return Probe("fake", (ProbeLine("token", is_ok=False, message=str(error)),))
        return Probe("fake", (ProbeLine("token", is_ok=True),))

    def subjects(self) -> list[str]:
        """Return what stands there, in the order it was sent."""
        return [message.subject for message in self.messages.values()]

    def _fail(self) -> None:
        self.takes()
        if self.refusal is not None:
            raise self.refusal
        if self.failures:
            raise self.failures.pop(0)
