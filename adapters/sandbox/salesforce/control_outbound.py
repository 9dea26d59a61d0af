"""`/_sandbox/salesforce/outbound/...`: define, hold and inspect outbound messages."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.control import Control
from adapters.sandbox.salesforce.outbound import Message, OutboundMessages

Json = dict[str, Any]
FLUSH_SECONDS = 30.0
DEFAULT = "Opportunity"


class OutboundControl:
    """The control paths of an org's outbound messages; `name` says which one."""

    def __init__(self, messages: OutboundMessages) -> None:
        self._messages = messages

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/salesforce/outbound`."""
        control.post("salesforce/outbound", self.define)
        control.post("salesforce/outbound/pause", self.pause)
        control.post("salesforce/outbound/clear", self.clear)
        control.post("salesforce/outbound/flush", self.flush, locked=False)
        control.get("salesforce/outbound", self.deliveries)

    def define(self, raw: Json) -> Json:
        """Add or change a message, as `OutboundMessages.define`."""
        return {"action_id": self._messages.define(raw).id}

    def pause(self, raw: Json) -> Json:
        """Hold messages back, or let them go on (`"paused": false`)."""
        self._message(raw).channel.pause(paused=bool(raw.get("paused", True)))
        return {}

    def clear(self, raw: Json) -> Json:
        """Drop what waits and forget what was sent."""
        self._message(raw).channel.clear()
        return {}

    def flush(self, raw: Json) -> Json:
        """Wait until every notification is taken or given up."""
        channel = self._message(raw).channel
        seconds = float(raw.get("timeout", FLUSH_SECONDS))
        done = channel.flush(seconds, hurry=bool(raw.get("hurry")))
        return {"done": done, **channel.summary()}

    def deliveries(self, query: Mapping[str, str]) -> Json:
        """Return what was sent and what came back."""
        channel = self._message(query).channel
        return {"summary": channel.summary(), "attempts": channel.attempts()}

    def _message(self, raw: Mapping[str, Any]) -> Message:
        return self._messages.get(str(raw.get("name") or DEFAULT))
