"""How HubSpot signs what it sends; written from its description, for the sender."""

import base64
import hashlib
import hmac

# These escapes of the address are undone before signing, and no others:
# developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
_UNDONE = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}


def sign_v1(secret: str, body: bytes) -> str:
    """Return the hexadecimal SHA-256 of secret and body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def sign_v3(secret: str, *, method: str, url: str, body: bytes, at_ms: int) -> str:
    """Return the base64 HMAC over method, address, body and time in ms."""
    for escape, plain in _UNDONE.items():
        url = url.replace(escape, plain).replace(escape.lower(), plain)
    message = method.encode() + url.encode() + body + str(at_ms).encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def headers(secret: str, *, url: str, body: bytes, at_ms: int) -> dict[str, str]:
    """Return the headers of a signed webhook POST, both versions."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "HubSpot Connect 2.0 (sandbox)",
        "X-HubSpot-Signature": sign_v1(secret, body),
        "X-HubSpot-Signature-Version": "v1",
        "X-HubSpot-Signature-v3": sign_v3(
            secret, method="POST", url=url, body=body, at_ms=at_ms
        ),
        "X-HubSpot-Request-Timestamp": str(at_ms),
    }
