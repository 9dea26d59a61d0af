"""Salesforce's ways to write time. Instants are epoch ms of whole seconds."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECOND = 1000


def whole(ms: int) -> int:
    """Return an instant without its fraction: Salesforce stores seconds."""
    return ms - ms % _SECOND


def rest(ms: int) -> str:
    """Return an instant as the REST API writes it."""
    moment = datetime.fromtimestamp(ms // _SECOND, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def soap(ms: int) -> str:
    """Return an instant as outbound messages write it."""
    moment = datetime.fromtimestamp(ms // _SECOND, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http(ms: int) -> str:
    """Return an instant as HTTP headers write it."""
    moment = datetime.fromtimestamp(ms // _SECOND, UTC)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def parse_http(text: str) -> int | None:
    """Return the instant of an HTTP header, None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * _SECOND


def day(ms: int) -> str:
    """Return the day of an instant, in UTC."""
    return datetime.fromtimestamp(ms // _SECOND, UTC).strftime("%Y-%m-%d")


def parse(text: str) -> int | None:
    """Return the instant of ISO 8601 text with a zone, None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return int(moment.timestamp()) * _SECOND
