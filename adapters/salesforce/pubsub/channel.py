"""Connections to the Pub/Sub API: encrypted, and never into a private network."""

import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import grpc

from adapters.errors import Transient
from adapters.http import check_address, is_public, leads_inside

Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]
"""Gives the addresses of a name as `socket.getaddrinfo` does."""

PORT = 7443
_OPTIONS: tuple[tuple[str, int | str], ...] = (
    # Some networks forget a quiet connection after minutes, and tell nobody. Asked more
    # than twice between two answers, a server hangs up; those are 270 s apart at most.
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Who opens streams waits by himself, and longer than this.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A hundred events of at most a megabyte each.
    ("grpc.max_receive_message_length", 128 * 1024 * 1024),
    ("grpc.primary_user_agent", "slagboom"),
)


def resolve_name(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Return the addresses of a host; raises OSError."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def open_channel(
    url: str, *, allow_private: bool, resolve: Resolve = resolve_name
) -> grpc.Channel:
    """Return a channel to this address; it connects at the first call.

    With `allow_private` a private machine may be meant, and http:// is not encrypted.
    Raises Permanent for an address that may not be used, Transient if its name cannot
    be resolved.
    """
    parts = urlsplit(check_address(url, allow_private=allow_private))
    host, port = parts.hostname or "", parts.port or PORT
    if parts.scheme == "http":
        return grpc.insecure_channel(_join(host, port), _OPTIONS)
    target, options = _join(host, port), _OPTIONS
    if not allow_private:
        target = _pin(host, port, resolve)
        # The certificate must be that of the name, whatever address it led to.
        options += (
            ("grpc.ssl_target_name_override", host),
            ("grpc.default_authority", _join(host, port)),
        )
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)


def _pin(host: str, port: int, resolve: Resolve) -> str:
    """Return the very addresses that the name leads to, all of them public.

    What is connected to is what was looked at: a name that changes its mind between
    check and use gains nothing.
    """
    try:
        found = {str(one[4][0]) for one in resolve(host, port)}
    except OSError:
        raise Transient(
            f"The name {host} cannot be resolved. Slagboom tries again.",
            code="UNREACHABLE",
        ) from None
    if not all(is_public(one) for one in found):
        raise leads_inside(host)
    # One family to a target. Nearly every network has the older one.
    older = sorted(one for one in found if ":" not in one)
    family, chosen = ("ipv4", older) if older else ("ipv6", sorted(found))
    return f"{family}:{','.join(_join(one, port) for one in chosen)}"


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
