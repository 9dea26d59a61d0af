"""The client certificate that Salesforce shows, as a proxy hands it on. Pure.

Whoever ends TLS in front of Slagboom writes into a header which certificate the client
showed: its SHA-256 fingerprint (HAProxy, Envoy), or the certificate itself as PEM with
percent signs (nginx `$ssl_client_escaped_cert`, AWS). Public authorities stop giving
out certificates for clients, so that several, and one's own, can be known at a time.
"""

import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from urllib.parse import unquote

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_LONGEST = 64 * 1024


def to_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as 64 hex digits, however it is written.

    Raises ValueError for what is none.
    """
    found = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if not _FINGERPRINT.fullmatch(found):
        raise ValueError(
            f"{text[:80]!r} is no SHA-256 fingerprint, which has 64 hex digits"
        )
    return found


def is_known(handed_on: str, fingerprints: Sequence[str]) -> bool:
    """Return whether what a proxy handed on is one of these certificates."""
    shown = _fingerprint_of(handed_on).encode()
    found = False
    for one in fingerprints:
        found |= hmac.compare_digest(one.encode(), shown)
    return found


def _fingerprint_of(handed_on: str) -> str:
    """Return the fingerprint in a header; empty if there is none."""
    pem = _PEM.search(unquote(handed_on[:_LONGEST]))
    try:
        if pem is None:
            return to_fingerprint(handed_on)
        der = ssl.PEM_cert_to_DER_cert(pem.group())
    except ValueError:
        return ""
    return hashlib.sha256(der).hexdigest()
