"""Who may read the pages: this machine, and whoever has the key.

Deliveries and health are open everywhere and do not come by here.
"""

import hashlib
import hmac
import ipaddress
from collections import deque
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from connector.config import LOOPBACK, is_loopback

_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
)
_PROOF = "proof"
_WRONG_KEYS = 10
_WRONG_WITHIN = timedelta(minutes=1)


class Decision(Enum):
    """What a request for a page meets."""

    OPEN = auto()
    NEEDS_KEY = auto()
    CLOSED = auto()
    """A key is needed, and there is none."""
    WRONG_HOST = auto()
    """It was led here under a name that is not ours."""


class Access:
    """Decides by the request's own connection, name and cookie."""

    def __init__(self, *, public_url: str, page_key: str | None, secret: str) -> None:
        """Know `page_key`, if there is one; `secret` signs what a cookie proves."""
        public = urlsplit(public_url)
        self._public_origin = f"{public.scheme}://{public.netloc}".lower()
        self._public_host = (public.hostname or "").lower()
        self._is_private = is_loopback(public_url)
        self._key = page_key
        self._proof = (
            None
            if page_key is None
            else hmac.new(
                secret.encode(), f"page {page_key}".encode(), hashlib.sha256
            ).hexdigest()
        )

    def decide(
        self, environ: Mapping[str, Any], session: Mapping[str, Any]
    ) -> Decision:
        """Return what this request for a page meets."""
        host = to_host(environ.get("HTTP_HOST", ""))
        # A name that somebody else let point here would read the page from a browser
        # on this machine; bare addresses and our own names cannot be made to.
        if not (host in LOOPBACK or host == self._public_host or _is_ip(host)):
            return Decision.WRONG_HOST
        if self._is_here(environ, host):
            return Decision.OPEN
        if self._proof is None:
            return Decision.CLOSED
        proof = session.get(_PROOF)
        if isinstance(proof, str) and hmac.compare_digest(proof, self._proof):
            return Decision.OPEN
        return Decision.NEEDS_KEY

    def is_own_form(self, environ: Mapping[str, Any]) -> bool:
        """Say whether a form was sent from one of our own pages, as browsers tell."""
        if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin":
            return False
        origin = environ.get("HTTP_ORIGIN", "").lower()
        return (
            origin in {"", self._public_origin}
            or urlsplit(origin).netloc == environ.get("HTTP_HOST", "").lower()
        )

    def is_key(self, given: str) -> bool:
        """Say whether this is the key."""
        return self._key is not None and hmac.compare_digest(
            given.strip().encode(), self._key.encode()
        )

    def let_in(self, session: MutableMapping[str, Any]) -> None:
        """Remember that the key was given, as long as it stays the same key."""
        session[_PROOF] = self._proof

    def _is_here(self, environ: Mapping[str, Any], host: str) -> bool:
        # With a public address there may be a proxy on this machine, whose visitors
        # all seem to sit here.
        return (
            self._is_private
            and host in LOOPBACK
            and _is_loopback_ip(environ.get("REMOTE_ADDR", ""))
            and not any(environ.get(name) for name in _FORWARDED)
        )


class Throttle:
    """Slows down whoever guesses keys, by the address they come from."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._wrong: dict[str, deque[datetime]] = {}

    def is_closed(self, address: str, now: datetime) -> bool:
        """Say whether `address` has guessed too often lately."""
        guesses = self._wrong.get(address, deque())
        while guesses and now - guesses[0] > _WRONG_WITHIN:
            guesses.popleft()
        return len(guesses) >= _WRONG_KEYS

    def note(self, address: str, now: datetime) -> None:
        """Remember a wrong guess."""
        for known in list(self._wrong):
            self.is_closed(known, now)
            if not self._wrong[known]:
                del self._wrong[known]
        self._wrong.setdefault(address, deque(maxlen=_WRONG_KEYS)).append(now)


def to_host(given: str) -> str:
    """Return the name in a Host header, in lower case and without its port."""
    try:
        return (urlsplit(f"//{given}").hostname or "").lower()
    except ValueError:
        return ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback_ip(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
