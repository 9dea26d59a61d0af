"""Outbound Messages: the XML that Salesforce posts, taken apart with suspicion. Pure.

Envelope: developer.salesforce.com/docs/atlas.en-us.api.meta/api/
sforce_api_om_outboundmessaging_wsdl.htm. One message holds up to a hundred
notifications, which one answer acknowledges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The parser itself is defusedxml's.
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

MOST_NOTIFICATIONS = 100
MOST_ELEMENTS = 50_000
"""A hundred records with five hundred fields each."""
DEEPEST = 8
LONGEST_ID = 255
"""Characters of what tells one notification from another: theirs have 18."""

ACKNOWLEDGEMENT = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<soapenv:Body>"
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
    b"<Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
CONTENT_TYPE = "text/xml; charset=utf-8"

# As the parser writes names: without the brace that ElementTree puts before them.
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound}"
_NOTIFICATION = f"{_OUTBOUND}Notification"
_SESSION = f"{_OUTBOUND}SessionId"
_SOBJECT = "urn:sobject.enterprise.soap.sforce.com}"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance}"
_TYPE = _SCHEMA_INSTANCE + "type"
_NIL = _SCHEMA_INSTANCE + "nil"


class MalformedError(ValueError):
    """A body that is no message of Salesforce's; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One record that Salesforce speaks of: its object and the fields it was sent with.

    `fields` is empty for a record that was deleted before the message left. An empty
    field and one that was not selected look alike, so neither is in it.
    """

    id: str
    object: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What one body tells, and of which organisation.

    `kept` is the body without the session ids that older organisations put into it.
    """

    organization_id: str
    notifications: tuple[Notification, ...]
    kept: bytes = field(repr=False)


def read_message(body: bytes) -> Told:
    """Return what an outbound message tells; raises MalformedError."""
    envelope, sessions = _Reader().read(body)
    if envelope.tag != f"{_SOAP}Envelope":
        raise MalformedError("The body is no SOAP envelope.")
    message = _only(_only(envelope, f"{_SOAP}Body"), f"{_OUTBOUND}notifications")
    return Told(
        organization_id=_text(message, f"{_OUTBOUND}OrganizationId"),
        notifications=tuple(
            _to_notification(one) for one in message if one.tag == _NOTIFICATION
        ),
        kept=_without(body, sessions),
    )


def _to_notification(raw: Element) -> Notification:
    record = _only(raw, f"{_OUTBOUND}sObject")
    kind = record.get(_TYPE, "")
    if not kind.startswith(_SOBJECT):
        raise MalformedError("A record does not say of which object it is.")
    fields = {}
    for one in record:
        if not one.tag.startswith(_SOBJECT):
            raise MalformedError("A record has a field that is not one of Salesforce.")
        if one.text and one.get(_NIL) not in {"true", "1"}:
            fields[one.tag.removeprefix(_SOBJECT)] = one.text
    found = _text(raw, f"{_OUTBOUND}Id")
    if len(found) > LONGEST_ID:
        raise MalformedError("The id of a notification is too long.")
    return Notification(
        id=found,
        object=kind.removeprefix(_SOBJECT),
        fields=fields,
    )


def _only(parent: Element, tag: str) -> Element:
    found = [one for one in parent if one.tag == tag]
    if len(found) != 1:
        name = tag.rpartition("}")[2]
        raise MalformedError(f"There must be one {name}, and there are {len(found)}.")
    return found[0]


def _text(parent: Element, tag: str) -> str:
    found = (_only(parent, tag).text or "").strip()
    if not found:
        raise MalformedError(f"{tag.rpartition('}')[2]} is empty.")
    return found


def _without(body: bytes, spans: Sequence[slice]) -> bytes:
    """Return a body without these parts, which follow each other."""
    starts = (0, *(span.stop for span in spans))
    stops = (*(span.start for span in spans), len(body))
    return b"".join(body[start:stop] for start, stop in zip(starts, stops, strict=True))


class _Reader:
    """Reads one body into a tree, and gives up early on one too deep or too large.

    Expat calls straight into it, and into the tree's builder: ElementTree's own way
    from the one to the other is written in Python, and takes longer than all the rest.

    ElementTree forgets prefixes, and `xsi:type` is a name with one in a value, so the
    values of those are resolved while the prefixes are known. `_place` tells where in
    the body the present tag begins.
    """

    _place: Callable[[], int]

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._prefixes: dict[str, list[str]] = {}
        self._depth = 0
        self._elements = 0
        self._notifications = 0
        self._sessions: list[slice] = []
        self._session: int | None = None
        self._is_session_over = False

    def read(self, body: bytes) -> tuple[Element, Sequence[slice]]:
        """Return the root, and where in the body session ids stand.

        These are from the beginning of their element to that of the next tag. Raises
        MalformedError.
        """
        # It forbids; with a target that wants nothing it leaves the rest to us.
        guard: Any = DefusedXMLParser(target=object(), forbid_dtd=True)
        self._connect(guard.parser)
        # In one piece: expat takes quadratic time over a long token that comes in small
        # ones.
        try:
            guard.feed(body)
            guard.close()
        except MalformedError:
            raise
        # An encoding that is unknown, or that expat cannot do, is a LookupError or a
        # ValueError, as is everything that defusedxml forbids.
        except (ParseError, LookupError, ValueError):
            raise MalformedError(
                "The body is no XML, or of a kind that is refused."
            ) from None
        finally:
            # The parser knows us: if we knew it too, both would outlive their use.
            del self._place
        return self._builder.close(), self._sessions

    def _connect(self, expat: Any) -> None:
        expat.ordered_attributes = False
        expat.StartNamespaceDeclHandler = self._start_prefix
        expat.EndNamespaceDeclHandler = self._end_prefix
        expat.StartElementHandler = self._start
        expat.EndElementHandler = self._end
        expat.CharacterDataHandler = self._builder.data
        self._place = lambda: expat.CurrentByteIndex

    def _start_prefix(self, prefix: str | None, uri: str | None) -> None:
        self._prefixes.setdefault(prefix or "", []).append(uri or "")

    def _end_prefix(self, prefix: str | None) -> None:
        self._prefixes[prefix or ""].pop()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST:
            raise MalformedError(f"The body is nested deeper than {DEEPEST}.")
        if self._elements > MOST_ELEMENTS:
            raise MalformedError(f"The body has more than {MOST_ELEMENTS} elements.")
        if tag == _NOTIFICATION:
            self._count_notification()
        if self._session is not None:
            self._leave_session()
        if tag == _SESSION:
            self._session = self._place()
        if _TYPE in attributes:
            attributes[_TYPE] = self._resolve(attributes[_TYPE].strip())
        self._builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._is_session_over:
            self._leave_session()
        self._is_session_over = tag == _SESSION
        self._builder.end(tag)

    def _count_notification(self) -> None:
        self._notifications += 1
        if self._notifications > MOST_NOTIFICATIONS:
            raise MalformedError(
                f"The message has more than {MOST_NOTIFICATIONS} notifications."
            )

    def _leave_session(self) -> None:
        """Keep where a session id stood: the tag before this one must have ended it."""
        if not self._is_session_over:
            raise MalformedError("A session id holds more than text.")
        self._sessions.append(slice(self._session, self._place()))
        self._session, self._is_session_over = None, False

    def _resolve(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        known = self._prefixes.get(prefix)
        return f"{known[-1]}}}{local}" if known else local
