"""The ways to sign in to Salesforce, each a `Grant` of `adapters.oauth`.

Client credentials and JWT bearer sign in as an integration user; a refresh token as the
admin who signed in on Salesforce's own page. The login by password is not among them:
Salesforce takes it away in 2027.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.authorizing import Authorization, authorize
from adapters.errors import Permanent, Unauthorized
from adapters.oauth import Token
from adapters.salesforce.signing_in import Form, load_key, to_assertion
from adapters.salesforce.token_endpoint import Granted, TokenEndpoint

SCOPES = ("api", "refresh_token")
"""What the app must be allowed: call the API, and go on when nobody is there."""

_SPENT = "invalid_grant"


class RefreshTokens(Protocol):
    """Where the refresh token of a connection is kept, durably and encrypted."""

    def load(self) -> str:
        """Return the token that is valid."""
        ...

    def keep(self, token: str, *, former: str) -> None:
        """Put a token in the place of `former`, which is dead from here on."""
        ...


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The app itself, as the user that it is set to run as."""

    endpoint: TokenEndpoint
    client_secret: str = field(repr=False)

    def secret(self) -> str:
        """Return the app's secret."""
        return self.client_secret

    def sign_in(self) -> Token:
        """Return a new token, or raise as `TokenEndpoint.ask` does."""
        form = {
            "grant_type": "client_credentials",
            "client_secret": self.client_secret,
        }
        return self.endpoint.ask(form, is_repeatable=True).token


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """A user who was approved for the app beforehand, by a signature of ours.

    `audience` is https://login.salesforce.com, or https://test.salesforce.com for a
    sandbox.
    """

    endpoint: TokenEndpoint
    username: str
    private_key: str = field(repr=False)
    audience: str = "https://login.salesforce.com"

    def secret(self) -> str:
        """Return the private key."""
        return self.private_key

    def sign_in(self) -> Token:
        """Return a new token, or raise as `TokenEndpoint.ask` does."""
        assertion = to_assertion(
            load_key(self.private_key),
            client_id=self.endpoint.client_id,
            username=self.username,
            audience=self.audience,
            now=self.endpoint.clock.now(),
        )
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": assertion,
        }
        return self.endpoint.ask(form, is_repeatable=True).token


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """An admin who signed in once. An app without a secret leaves it empty."""

    endpoint: TokenEndpoint
    tokens: RefreshTokens
    client_secret: str = field(default="", repr=False)

    def secret(self) -> str:
        """Return the refresh token that is valid."""
        return self.tokens.load()

    def sign_in(self) -> Token:
        """Return a new token, or raise as `TokenEndpoint.ask` does.

        Where the app rotates its refresh tokens, the one that came is kept before
        anything else is done: the one before it is dead.
        """
        used = self.tokens.load()
        try:
            return self._spend(used)
        except Unauthorized:
            # Without Redis two processes may do this at once. Who comes second finds
            # the token spent, and its heir in its place.
            heir = self.tokens.load()
            if heir == used:
                raise
            return self._spend(heir)

    def _spend(self, used: str) -> Token:
        form = {"grant_type": "refresh_token", "refresh_token": used}
        granted = self.endpoint.ask(
            {**form, **_secret(self.client_secret)}, is_repeatable=False
        )
        if granted.refresh and granted.refresh != used:
            self.tokens.keep(granted.refresh, former=used)
        return granted.token


def begin(
    endpoint: TokenEndpoint, *, redirect_uri: str, scopes: Sequence[str] = SCOPES
) -> Authorization:
    """Return where an admin signs in and allows the app (web-server flow with PKCE)."""
    return authorize(
        f"{endpoint.url}/services/oauth2/authorize",
        client_id=endpoint.client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
    )


def exchange(
    endpoint: TokenEndpoint,
    code: str,
    *,
    verifier: str,
    redirect_uri: str,
    client_secret: str = "",
) -> Granted:
    """Return what the code of an admin's sign-in is worth; it is good for once.

    Raises as `TokenEndpoint.ask` does, and Permanent if no refresh token came.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    try:
        granted = endpoint.ask({**form, **_secret(client_secret)}, is_repeatable=False)
    except Unauthorized as error:
        if error.code != _SPENT:
            raise
        raise Unauthorized(
            f"{error} A code is good for once, and for some minutes only: begin again"
            " if it was used or is old. Nothing was saved.",
            code=error.code,
        ) from error
    if not granted.refresh:
        raise Permanent(
            "Salesforce gave no refresh token. Allow the app the scope refresh_token,"
            " and sign in again.",
            code="NO_REFRESH_TOKEN",
        )
    return granted


def _secret(client_secret: str) -> Form:
    return {"client_secret": client_secret} if client_secret else {}
