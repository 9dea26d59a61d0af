"""Sign-ins in a browser: where a person is sent, and what comes back with them.

The authorization code grant of OAuth 2 with proof of possession (RFC 7636).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlencode

from adapters.errors import Permanent
from adapters.wire import in_short


@dataclass(frozen=True, slots=True)
class Authorization:
    """A sign-in that an admin is sent to do: open `url`, keep the other two.

    Only an answer with the same `state` belongs to it; `verifier` proves, when the
    code of the answer is exchanged, that it was we who asked (RFC 7636).
    """

    url: str
    state: str
    verifier: str = field(repr=False)


def authorize(
    endpoint: str, *, client_id: str, redirect_uri: str, scopes: Sequence[str]
) -> Authorization:
    """Return where an admin signs in, with a fresh state and a fresh verifier."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return Authorization(f"{endpoint}?{urlencode(query)}", state, verifier)


def to_code(pasted: str, *, state: str) -> str:
    """Return the code that a person came back with.

    `pasted` is the address that the browser was sent to, or the code alone: that one
    says no state, and is worth something only together with our verifier. Raises
    Permanent if there is no code, or it is that of another sign-in.
    """
    text = pasted.strip()
    query = text.partition("?")[2].partition("#")[0] if "?" in text else text
    answer = {name: values[-1] for name, values in parse_qs(query).items()}
    if "error" in answer:
        words = in_short(answer.get("error_description", answer["error"]))
        raise Permanent(
            f"The sign-in ended without leave: {words}. Nothing was saved. Begin again,"
            " and allow the app when you are asked.",
            code=answer["error"],
        )
    if "code" in answer:
        if not hmac.compare_digest(
            answer.get("state", "").encode(errors="replace"), state.encode()
        ):
            raise Permanent(
                "This address belongs to another sign-in than the one that was begun"
                " here. Nothing was saved. Begin again, and paste the address that the"
                " newest sign-in leads to.",
                code="STATE",
            )
        code = answer["code"]
    else:
        code = "" if any(one in text for one in " /?&") else unquote(text)
    if not code or not code.isascii():
        raise Permanent(
            "There is no code in this. Nothing was saved. Begin again, and paste the"
            " whole address that the browser ends at, which has `code=` in it.",
            code="NO_CODE",
        )
    return code
