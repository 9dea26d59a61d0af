"""Opening and ending sessions: the grants of the token endpoint."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.sandbox.salesforce import ids
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.sessions import ClientApp, Code, Session

Json = dict[str, Any]

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_ASSERTION_S = 300


class OAuthError(Exception):
    """A refused token request."""

    def __init__(self, error: str, description: str) -> None:
        """Keep what the body is made of."""
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


def grant(org: Org, form: Mapping[str, str], url: str) -> Json:
    """Return a token answer; raises OAuthError. It carries no lifetime.

    `url` is the org's address, which is also taken as the audience of an assertion.
    """
    match form.get("grant_type"):
        case "client_credentials":
            app = _app(org, form, needs_secret=True)
            _demand_flow(app, "client_credentials")
            return _open(org, app, org.user_id(app.run_as), url)
        case "authorization_code":
            return _by_code(org, form, url)
        case "refresh_token":
            return _refresh(org, form, url)
        case kind if kind == JWT_GRANT:
            return _by_assertion(org, form.get("assertion", ""), url)
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def authorize(org: Org, query: Mapping[str, str]) -> str:
    """Return where a person goes who allowed the app; raises OAuthError.

    The sandbox asks nobody: `login_hint` is who allows it, else the integration user.
    """
    app = _app(org, query, needs_secret=False)
    _demand_flow(app, "web_server")
    target, hint = query.get("redirect_uri", ""), query.get("login_hint")
    code = secrets.token_urlsafe(24)
    org.codes[code] = Code(
        client_id=app.client_id,
        user_id=org.user_id(hint) if hint else org.integration_id,
        redirect_uri=target,
        challenge=query.get("code_challenge", ""),
    )
    answer = {"code": code}
    if "state" in query:
        answer["state"] = query["state"]
    return f"{target}{'&' if '?' in target else '?'}{urlencode(answer)}"


def revoke(org: Org, token: str) -> None:
    """End a session, or a refresh token with its sessions; raises OAuthError."""
    if org.refresh_tokens.pop(token, None) is not None:
        for session in list(org.sessions.values()):
            if session.refresh_token == token:
                del org.sessions[session.token]
    elif org.sessions.pop(token, None) is None:
        raise OAuthError("unsupported_token_type", "this token type is not supported")


def _refresh(org: Org, form: Mapping[str, str], url: str) -> Json:
    token = form.get("refresh_token", "")
    app = _app(org, form, needs_secret="client_secret" in form)
    _demand_flow(app, "refresh_token")
    client_id, user_id = org.refresh_tokens.get(token, ("", ""))
    if client_id != app.client_id:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    if not app.rotates:
        return _open(org, app, user_id, url, refresh_token=token)
    del org.refresh_tokens[token]
    return _open_lasting(org, app, user_id, url)


def _by_code(org: Org, form: Mapping[str, str], url: str) -> Json:
    app = _app(org, form, needs_secret="client_secret" in form)
    code = org.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != app.client_id:
        raise OAuthError("invalid_grant", "expired authorization code")
    if code.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match")
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    if code.challenge and code.challenge != proof:
        raise OAuthError("invalid_grant", "invalid code verifier")
    return _open_lasting(org, app, code.user_id, url)


def _open_lasting(org: Org, app: ClientApp, user_id: str, url: str) -> Json:
    """Open a session with a fresh refresh token."""
    token = secrets.token_urlsafe(48)
    org.refresh_tokens[token] = (app.client_id, user_id)
    answer = _open(org, app, user_id, url, refresh_token=token)
    return {**answer, "scope": "refresh_token api", "refresh_token": token}


def _by_assertion(org: Org, assertion: str, url: str) -> Json:
    """Open a session for a JWT that the app signed with RS256."""
    claims, signed, signature = _split(assertion)
    app = org.apps.get(str(claims.get("iss")))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    _demand_flow(app, "jwt")
    _verify(app, signed, signature)
    if claims.get("aud") not in {*_AUDIENCES, url}:
        raise OAuthError("invalid_grant", "audience is invalid")
    left = float(claims.get("exp") or 0) - org.clock.now_ms() / 1000
    if not 0 < left <= _LONGEST_ASSERTION_S:
        raise OAuthError("invalid_grant", "expired authorization code")
    try:
        user_id = org.user_id(str(claims.get("sub") or claims.get("prn")))
    except ValueError:
        raise OAuthError(
            "invalid_grant", "user hasn't approved this consumer"
        ) from None
    return _open(org, app, user_id, url)


def _split(assertion: str) -> tuple[Json, bytes, bytes]:
    parts = assertion.split(".")
    try:
        head, claims, signature = (
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts
        )
        algorithm, found = json.loads(head).get("alg"), json.loads(claims)
    except (ValueError, binascii.Error):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if algorithm != "RS256" or not isinstance(found, dict):
        raise OAuthError("invalid_grant", "algorithm must be RS256")
    return found, f"{parts[0]}.{parts[1]}".encode(), signature


def _verify(app: ClientApp, signed: bytes, signature: bytes) -> None:
    if not app.public_key:
        raise OAuthError("invalid_client", "the app has no certificate")
    key = serialization.load_pem_public_key(app.public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise OAuthError("invalid_client", "the app's certificate is not RSA")
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise OAuthError("invalid_grant", "invalid assertion") from None


def _app(org: Org, form: Mapping[str, str], *, needs_secret: bool) -> ClientApp:
    app = org.apps.get(form.get("client_id", ""))
    if app is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if needs_secret and form.get("client_secret") != app.secret:
        raise OAuthError("invalid_client", "invalid client credentials")
    return app


def _demand_flow(app: ClientApp, flow: str) -> None:
    if flow not in app.flows:
        raise OAuthError("invalid_grant", f"no {flow} flow enabled on this app")


def _open(
    org: Org, app: ClientApp, user_id: str, url: str, *, refresh_token: str = ""
) -> Json:
    now = org.clock.now_ms()
    user = org.find(user_id)
    if user is None or not user.get("IsActive"):
        raise OAuthError("inactive_user", "user is inactive")
    token = f"{org.id[: ids.SHORT]}!{secrets.token_urlsafe(48)}"
    seconds = org.settings.session_seconds
    org.sessions[token] = Session(
        token, user_id, app.client_id, now + seconds * 1000, refresh_token
    )
    identity = f"https://login.salesforce.com/id/{org.id}/{user_id}"
    signed = hmac.digest(
        app.secret.encode(), f"{identity}{now}".encode(), hashlib.sha256
    )
    return {
        "access_token": token,
        "signature": base64.b64encode(signed).decode(),
        "scope": "api",
        "instance_url": url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": str(now),
    }
