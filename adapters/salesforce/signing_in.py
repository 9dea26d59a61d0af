"""What is sent to sign in, and what the answers mean. Pure.

Answers: help.salesforce.com, "OAuth 2.0 Authorization Errors" and "OAuth 2.0 Refresh
Token Flow". A token says nothing of how long it lives: that is the session policy's.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.errors import OutsideError, Permanent, Transient, Unauthorized
from adapters.json_bodies import parse_json
from adapters.wire import in_short

Form = Mapping[str, str]

ASSERTION_LIFE = timedelta(minutes=3)
"""The longest that Salesforce takes."""
RATE_PAUSE = timedelta(minutes=5)
_TRANSIENT = frozenset({"server_error", "temporarily_unavailable", "unknown_error"})


def load_key(pem: str) -> RSAPrivateKey:
    """Return the private key whose certificate the app has; raises Permanent."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Permanent(
            "The private key cannot be used: it must be an RSA key in PEM form, without"
            " a password."
        )
    return key


def to_assertion(
    key: RSAPrivateKey, *, client_id: str, username: str, audience: str, now: datetime
) -> str:
    """Return the signed claim (RFC 7523, RS256) that `username` is signed in."""
    claims = {
        "iss": client_id,
        "sub": username,
        "aud": audience,
        "exp": int((now + ASSERTION_LIFE).timestamp()),
    }
    message = b".".join(_encode(one) for one in ({"alg": "RS256"}, claims))
    signature = key.sign(message, PKCS1v15(), SHA256())
    return b".".join((message, _to_base64(signature))).decode()


def _encode(part: Mapping[str, object]) -> bytes:
    return _to_base64(json.dumps(part, separators=(",", ":")).encode())


def _to_base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def parse_body(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer; empty if it holds something else."""
    try:
        found = parse_json(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def to_identity(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ids of the organisation and the user that a token is for.

    They are the end of the identity address, `https://…/id/00D…/005…`.
    """
    parts = urlsplit(str(body.get("id") or "")).path.split("/")
    match parts:
        case [*_, "id", organization, user]:
            return organization, user
        case _:
            return "", ""


def to_error(
    status: int, body: Mapping[str, Any], *, retry_after: timedelta | None = None
) -> OutsideError:
    """Return what an answer without a token means."""
    code = str(body.get("error") or status)
    words = in_short(str(body.get("error_description") or code))
    is_rate = "rate_limit" in code or "rate exceeded" in words.lower()
    if is_rate or status == 429:  # noqa: PLR2004
        return Transient(
            "Salesforce asks for a pause: too many sign-ins. Slagboom goes on by"
            " itself.",
            code=code,
            retry_after=max(retry_after or RATE_PAUSE, RATE_PAUSE),
        )
    if status >= 500 or code in _TRANSIENT:  # noqa: PLR2004
        return Transient(
            f"Salesforce cannot sign in just now ({words}). Slagboom tries again.",
            code=code,
            retry_after=retry_after,
        )
    if "error" in body:
        return Unauthorized(
            f"Salesforce refused to sign in: {words}. Compare the client id and the"
            " secret or key with the app's, look whether its user is active, and"
            " reconnect.",
            code=code,
        )
    return Permanent(
        f"The login address answers with status {status} and no token: it must be the"
        " organization's My Domain, https://name.my.salesforce.com.",
        code=code,
    )
