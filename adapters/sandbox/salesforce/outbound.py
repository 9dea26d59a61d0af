"""Outbound messages: who is told of which records, and what is on the way.

What a message says is read when it is sent, not when the record was saved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

from adapters.sandbox.ids import Sequence as Numbers
from adapters.sandbox.salesforce import envelope, ids
from adapters.sandbox.salesforce.envelope import Notification
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Happening
from adapters.sandbox.webhooks import Channel, Item, Posting

Json = dict[str, Any]

SOAP_URL = "https://acme.my.salesforce.com/services/Soap"
LARGEST_BATCH = 100
_FIRST_NUMBER = 50_000_003
_SAVES = frozenset({"CREATE", "UPDATE"})
# Together about a day, with gaps that grow to two hours.
_HABITS = {
    "batch_size": LARGEST_BATCH,
    "max_in_flight": 5,
    "timeout_ms": 60_000,
    "max_retries": 27,
    "last_retry_ms": 7_200_000,
}


@dataclass(slots=True)
class Message:
    """One outbound message of the org's, sent by a flow after a save.

    `when` are the fields whose change sends it, empty for every save; `silent` are
    users (ids) who may not send messages.
    """

    id: str
    name: str
    entity: str
    fields: tuple[str, ...]
    when: frozenset[str]
    silent: frozenset[str]
    target_url: str
    channel: Channel

    def hears(self, happening: Happening) -> bool:
        """Return whether this happening sends the message."""
        if happening.type != self.entity or happening.kind not in _SAVES:
            return False
        if happening.author.user_id in self.silent or not self.target_url:
            return False
        is_fresh = happening.kind == "CREATE"
        return is_fresh or not self.when or not self.when.isdisjoint(happening.changed)


class OutboundMessages:
    """All outbound messages of an org, with their channels.

    `lock` guards the org: it is taken to read records while sending. Ending channels
    waits for their threads, so `stop` and `reset` are called without it.
    """

    def __init__(self, org: Org, lock: RLock) -> None:
        self._org = org
        self._lock = lock
        self._numbers = Numbers(_FIRST_NUMBER)
        self._messages: dict[str, Message] = {}
        org.hearers.append(self._hear)

    def define(self, raw: Mapping[str, Any]) -> Message:
        """Add or change a message; raises ValueError if it makes no sense.

        name, object, fields, when, silent (addresses), target_url, habits.
        """
        name = str(raw.get("name") or raw.get("object") or "Opportunity")
        known = self._messages.get(name)
        entity = str(raw.get("object") or (known.entity if known else "Opportunity"))
        kind = self._org.type(entity)
        if kind is None:
            raise ValueError(f"this org has no {entity!r}")
        fields = tuple(raw.get("fields") or (known.fields if known else ()))
        when = frozenset(raw.get("when") or (known.when if known else ()))
        if unknown := {*fields, *when} - set(kind.fields):
            raise ValueError(f"{kind.name} has no {sorted(unknown)}")
        if known is None:
            known = self._make(name)
        known.entity, known.fields, known.when = kind.name, fields, when
        if "silent" in raw:
            known.silent = frozenset(self._org.user_id(one) for one in raw["silent"])
        known.target_url = str(raw.get("target_url", known.target_url) or "")
        known.channel.habits.change(raw.get("habits") or {})
        return known

    def get(self, name: str) -> Message:
        """Return a message by name; raises ValueError."""
        if name not in self._messages:
            raise ValueError(f"no message {name!r}; there are {sorted(self._messages)}")
        return self._messages[name]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return the channel of every message."""
        return tuple(message.channel for message in self._messages.values())

    def stop(self) -> None:
        """End the threads that send."""
        for message in self._messages.values():
            message.channel.stop()

    def reset(self) -> None:
        """Forget every message."""
        self.stop()
        self._messages.clear()
        self._numbers.reset()

    def _make(self, name: str) -> Message:
        channel = Channel(
            name,
            render=lambda items, _attempt: self._render(name, items),
            accepts=envelope.is_ack,
            now_ms=self._org.clock.now_ms,
        )
        channel.habits.change(_HABITS)
        made = Message(
            id=ids.make("04k", self._numbers.next_number()),
            name=name,
            entity="",
            fields=(),
            when=frozenset(),
            silent=frozenset(),
            target_url="",
            channel=channel,
        )
        self._messages[name] = made
        return made

    def _hear(self, happenings: list[Happening]) -> None:
        for message in self._messages.values():
            message.channel.send(
                [
                    {
                        "id": ids.make("04l", self._numbers.next_number()),
                        "record": happening.record_id,
                    }
                    for happening in happenings
                    if message.hears(happening)
                ]
            )

    def _render(self, name: str, items: Sequence[Item]) -> Posting:
        with self._lock:
            message = self._messages[name]
            body = envelope.render(
                self._org.id,
                message.id,
                message.entity,
                [self._notification(message, item) for item in items],
                soap_url=SOAP_URL,
            )
            url = message.target_url
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return Posting(url, headers, body)

    def _notification(self, message: Message, item: Item) -> Notification:
        record = self._org.find(item["record"])
        if record is None or record.is_deleted:
            return Notification(item["id"], ())
        known = self._org.types[record.type].fields
        names = ["Id", *sorted(set(message.fields) - {"Id"})]
        return Notification(
            item["id"], [(known[name], record.get(name)) for name in names]
        )
