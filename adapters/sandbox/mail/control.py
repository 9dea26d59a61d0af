"""`/_sandbox/mail/...`: settings, planned trouble and what came in."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.control import Control
from adapters.sandbox.mail.sink import Sink

Json = dict[str, Any]


class MailControl:
    """The control paths of one mail server."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/mail`."""
        control.post("mail/settings", self.settings, locked=False)
        control.post("mail/trouble", self.trouble, locked=False)
        control.post("mail/refuse", self.refuse, locked=False)
        control.get("mail/messages", self.messages)
        control.get("mail/certificate", self.certificate)

    def settings(self, raw: Json) -> Json:
        """Set username, password and starttls (off, offered, required)."""
        self._sink.settings.change(raw)
        return {}

    def trouble(self, raw: Json) -> Json:
        """Plan trouble at a step, or `clear` it all."""
        if raw.get("clear"):
            self._sink.troubles.clear()
        else:
            self._sink.plan(raw)
        return {}

    def refuse(self, raw: Json) -> Json:
        """Refuse connections, or take them again (`"refusing": false`)."""
        self._sink.refuse(refusing=bool(raw.get("refusing", True)))
        return {"port": self._sink.port}

    def messages(self, query: Mapping[str, str]) -> Json:
        """Return what came in; `to` narrows it."""
        return {"messages": self._sink.listing(query.get("to", ""))}

    def certificate(self, _query: Mapping[str, str]) -> Json:
        """Return the certificate that STARTTLS shows, as PEM."""
        return {"pem": self._sink.certificate().pem}
