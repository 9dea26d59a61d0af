"""What every adapter that speaks HTTP needs: safe addresses, waits and repeats."""

import ipaddress
import random
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from adapters.errors import LONGEST_PAUSE, Permanent, Transient, Unanswered

T = TypeVar("T")
Sleep = Callable[[float], None]

ATTEMPTS = 4
LONGEST_WAIT = timedelta(days=1)
"""No limit of a vendor's lasts longer, and who asks for years is broken."""
# RFC 4291: all that is given out. RFC 6052: what a network with IPv6 alone makes of
# the older addresses. RFC 3056: another way to write those, which nobody needs.
_UNICAST = ipaddress.ip_network("2000::/3")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_TUNNELS = ipaddress.ip_network("2002::/16")
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f\\]")
_NOT_VALID = "The address is not valid: write https://host."
_FIRST_PAUSE_S = 0.5
_PERSISTENT_PAUSE_S = 8.0


class Clock(Protocol):
    """Tells the time; `connector.clock.SystemClock` is one."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class PrivateAddressError(NewConnectionError):
    """A connection was about to be used that leads into a private network."""


def leads_inside(what: str) -> Permanent:
    """Return the error for an address that leads into a private network."""
    return Permanent(
        f"{what} leads into a private network; nothing was sent. Set"
        " SLAGBOOM_ALLOW_PRIVATE_ADDRESSES=1 if that is intended.",
        code="PRIVATE_ADDRESS",
    )


def check_address(url: str, *, allow_private: bool = False) -> str:
    """Return the address without a trailing slash, or raise Permanent.

    It must be https, hold no password and not name a private machine; with
    `allow_private` http and private machines pass. What a name leads to is checked on
    every connection, see `guard`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise Permanent(_NOT_VALID) from None
    if _NOT_IN_ADDRESS.search(url):
        raise Permanent(_NOT_VALID)
    if parts.scheme not in {"https", "http"} or not host:
        raise Permanent(f"{url!r} is no web address: write https://host.")
    if parts.username or parts.password:
        raise Permanent("An address must not hold a user name or a password.")
    if parts.query or parts.fragment:
        raise Permanent(f"{url!r} must end with its path, without ? or #.")
    if allow_private:
        return url.rstrip("/")
    if parts.scheme != "https":
        raise Permanent(f"{url!r} is not encrypted: it must begin with https://.")
    if _is_private_name(host):
        raise Permanent(
            f"{host} is in a private network. "
            "Set SLAGBOOM_ALLOW_PRIVATE_ADDRESSES=1 if that is intended."
        )
    return url.rstrip("/")


def _is_private_name(host: str) -> bool:
    host = host.removesuffix(".")
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the open internet; ValueError if none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner(ip)
        if inner is None:
            return ip in _UNICAST and ip not in _TUNNELS and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the older address that this one stands for, None if it is its own."""
    if ip in _TRANSLATED:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped


def guard(pools: PoolManager) -> None:
    """Have the pool manager refuse every connection that ends in a private network.

    The peer's own address is looked at, after the name was resolved: a name that
    changes its mind between check and use gains nothing.
    """
    pools.pool_classes_by_scheme = {
        "http": _GuardedHTTPPool,
        "https": _GuardedHTTPSPool,
    }


def _checked(connection: HTTPConnection, made: socket.socket) -> socket.socket:
    if is_public(str(made.getpeername()[0])):
        return made
    made.close()
    raise PrivateAddressError(connection, "The name leads into a private network.")


class _GuardedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _GuardedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


def parse_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return the wait of a Retry-After header: seconds or a date; None if unclear.

    It is LONGEST_WAIT at most.
    """
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if not isfinite(seconds):
            return None
        return timedelta(seconds=min(max(0.0, seconds), LONGEST_WAIT.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(timedelta(), at - now), LONGEST_WAIT)


def repeat(
    call: Callable[[], T],
    *,
    is_harmless: bool,
    sleep: Sleep,
    attempts: int = ATTEMPTS,
    longest: timedelta = LONGEST_PAUSE,
) -> T:
    """Call until it succeeds, a few times at most; then raise its last error.

    Only Transient errors are repeated. Unanswered is repeated only if `is_harmless`:
    the request may have been applied. A wait above `longest` is left to the caller.
    """

    def is_worth_it(error: BaseException) -> bool:
        if not isinstance(error, Transient):
            return False
        if isinstance(error, Unanswered) and not is_harmless:
            return False
        return error.retry_after is None or error.retry_after <= longest

    return Retrying(
        stop=stop_after_attempt(attempts),
        wait=_pause,
        retry=retry_if_exception(is_worth_it),
        sleep=sleep,
        reraise=True,
    )(call)


def _pause(state: RetryCallState) -> float:
    """Return the seconds to wait: what was asked for, else ever longer, never alike."""
    error: Any = state.outcome.exception() if state.outcome else None
    asked: timedelta | None = getattr(error, "retry_after", None)
    if asked is not None:
        return asked.total_seconds()
    longest = min(_FIRST_PAUSE_S * 2.0**state.attempt_number, _PERSISTENT_PAUSE_S)
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, no secret
