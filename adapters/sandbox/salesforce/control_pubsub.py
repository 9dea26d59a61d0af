"""`/_sandbox/salesforce/pubsub/...`: start, break and inspect the event stream."""

from typing import Any

from adapters.sandbox.control import Control
from adapters.sandbox.salesforce.pubsub import PubSub

Json = dict[str, Any]


class PubSubControl:
    """The control paths of an org's event stream."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/salesforce/pubsub`."""
        control.post("salesforce/pubsub", self.start)
        control.post("salesforce/pubsub/trouble", self.trouble)
        control.get("salesforce/pubsub", lambda _query: self._pubsub.state())

    def start(self, raw: Json) -> Json:
        """Publish from here on: selected (objects), habits. Returns the address."""
        if "selected" in raw:
            self._pubsub.select(raw["selected"])
        self._pubsub.change(raw.get("habits") or {})
        return {"url": self._pubsub.url}

    def trouble(self, raw: Json) -> Json:
        """Break something, as `PubSub.trouble`: kind, count."""
        struck = self._pubsub.trouble(str(raw["kind"]), int(raw.get("count", 1)))
        return {"struck": struck}
