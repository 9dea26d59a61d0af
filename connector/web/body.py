"""Reading a request's body: whole, or not at all.

Frameworks cut a body of unknown length silently where their cap is reached; the rest of
the house would then see a broken delivery instead of one that is too large.
"""

from collections.abc import Mapping
from typing import Any

from adapters.ports import DeliveryRefused

LARGEST = 4 * 1024 * 1024
"""Bytes. A CRM's largest delivery stays below a tenth of it."""

_CHUNK = 64 * 1024


def read_body(environ: Mapping[str, Any]) -> bytes:
    """Return the body of the WSGI request `environ`, of at most LARGEST bytes.

    Raises DeliveryRefused: 413 if it is larger, whether it says so or not; 400 if it
    ends early or its length makes no sense.
    """
    length = _length(environ)
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > LARGEST:
        raise _too_large()
    wanted = LARGEST + 1 if length is None else length
    parts: list[bytes] = []
    size = 0
    stream = environ["wsgi.input"]
    while size < wanted:
        try:
            part = stream.read(min(_CHUNK, wanted - size))
        except OSError:
            raise _broken_off() from None
        if not part:
            break
        parts.append(part)
        size += len(part)
    if length is not None and size < length:
        raise _broken_off()
    if size > LARGEST:
        raise _too_large()
    return b"".join(parts)


def _length(environ: Mapping[str, Any]) -> int | None:
    given = environ.get("CONTENT_LENGTH") or ""
    if environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
        return None
    if not given:
        return None
    if not (given.isascii() and given.isdigit()):
        raise DeliveryRefused(
            "The Content-Length is not a number.", reason="malformed", status=400
        )
    return int(given)


def _too_large() -> DeliveryRefused:
    return DeliveryRefused(
        f"The body is larger than {LARGEST // 1024} kB. Send fewer events at a time.",
        reason="too_large",
        status=413,
    )


def _broken_off() -> DeliveryRefused:
    return DeliveryRefused(
        "The body ended early. Send it again.", reason="broken_off", status=400
    )
