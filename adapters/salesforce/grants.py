"""The ways to sign in to Salesforce, each a `Grant` of `adapters.oauth`.

Client credentials and JWT bearer sign in as an integration user; a refresh token as the
admin who signed in on Salesforce's own page. The login by password is not among them:
Salesforce takes it away in 2027.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import sleep as system_sleep
from typing import Protocol
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from adapters.errors import Permanent, Transient
from adapters.http import (
    Clock,
    PrivateAddressError,
    Sleep,
    check_address,
    guard,
    parse_retry_after,
    repeat,
)
from adapters.oauth import Authorization, Token, authorize
from adapters.salesforce.signing_in import (
    Form,
    load_key,
    parse_body,
    to_assertion,
    to_error,
    to_identity,
)

SCOPES = ("api", "refresh_token")
"""What the app must be allowed: call the API, and go on when nobody is there."""
_ORGANIZATION = 15
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 15.0
_ATTEMPTS = 2
_LONGEST_PAUSE = timedelta(seconds=5)
"""The others wait meanwhile, in every process."""
_OK = 200


class RefreshTokens(Protocol):
    """Where the refresh token of a connection is kept, durably and encrypted."""

    def load(self) -> str:
        """Return the token that is valid."""
        ...

    def keep(self, token: str) -> None:
        """Put a token in the place of the one before, which is dead from here on."""
        ...


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer to a sign-in; `refresh` is empty unless a refresh token came along."""

    token: Token
    refresh: str = ""


class TokenEndpoint:
    """Where one app signs in to one organisation. Safe to use from several threads."""

    def __init__(
        self,
        login_url: str,
        *,
        client_id: str,
        organization_id: str,
        clock: Clock,
        api_url: str = "",
        allow_private: bool = False,
        sleep: Sleep = system_sleep,
    ) -> None:
        """Take the organisation's My Domain as `login_url`; nothing is sent yet.

        `api_url` stands in for the address that Salesforce names in its answer. Raises
        Permanent for an address that cannot be used.
        """
        self.url = check_address(login_url, allow_private=allow_private)
        self.client_id = client_id
        self.clock = clock
        self._organization_id = organization_id[:_ORGANIZATION]
        self._api_url = api_url
        self._allow_private = allow_private
        self._sleep = sleep

    def ask(self, form: Form, *, is_repeatable: bool) -> Granted:
        """Post the form, and return the token that it earns.

        A code and a refresh token that rotates are spent by an attempt that nobody
        hears the end of: those are not `is_repeatable`.

        Raises Unauthorized if Salesforce refuses; Permanent for another organisation or
        a wrong address; Transient for everything that passes. Never Unanswered: what
        the token was wanted for has not been sent.
        """
        return repeat(
            lambda: self._ask_once({**form, "client_id": self.client_id}),
            is_harmless=True,
            sleep=self._sleep,
            attempts=_ATTEMPTS if is_repeatable else 1,
            longest=_LONGEST_PAUSE,
        )

    def _ask_once(self, form: Form) -> Granted:
        # Made for each sign-in: they are rare, and a fork inherits no connection.
        with urllib3.PoolManager(retries=False) as pools:
            if not self._allow_private:
                guard(pools)
            try:
                answer = pools.request(
                    "POST",
                    f"{self.url}/services/oauth2/token",
                    body=urlencode(form),
                    headers={
                        "Content-Type": "application/x-www-form-urlencoded",
                        "Accept": "application/json",
                        "User-Agent": "slagboom",
                    },
                    timeout=urllib3.Timeout(_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S),
                    # Following would hand the secret to whatever is there.
                    redirect=False,
                )
            except PrivateAddressError:
                raise Permanent(
                    "The login address leads into a private network; nothing was sent."
                    " Set SLAGBOOM_ALLOW_PRIVATE_ADDRESSES=1 if that is intended.",
                    code="PRIVATE_ADDRESS",
                ) from None
            except (HTTPError, OSError):
                raise Transient(
                    "Salesforce cannot be reached to sign in. Slagboom tries again.",
                    code="UNREACHABLE",
                ) from None
            body = parse_body(answer.data)
            access = body.get("access_token")
            if answer.status != _OK or not isinstance(access, str) or not access:
                wait = answer.headers.get("Retry-After")
                raise to_error(
                    answer.status,
                    body,
                    retry_after=parse_retry_after(wait, self.clock.now()),
                )
        organization, user = to_identity(body)
        if organization[:_ORGANIZATION] not in {"", self._organization_id}:
            raise Permanent(
                "This app signs in to another organization than the one that was"
                " entered. Compare the organization id under Company Information.",
                code="OTHER_ORGANIZATION",
            )
        api_url = check_address(
            self._api_url or str(body.get("instance_url") or ""),
            allow_private=self._allow_private,
        )
        return Granted(
            Token(access, api_url, account=organization, user=user),
            refresh=str(body.get("refresh_token") or ""),
        )


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The app itself, as the user that it is set to run as."""

    endpoint: TokenEndpoint
    client_secret: str

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
    private_key: str
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
    client_secret: str = ""

    def secret(self) -> str:
        """Return the refresh token that is valid."""
        return self.tokens.load()

    def sign_in(self) -> Token:
        """Return a new token, or raise as `TokenEndpoint.ask` does.

        Where the app rotates its refresh tokens, the one that came is kept before
        anything else is done: the one before it is dead.
        """
        used = self.tokens.load()
        form = {"grant_type": "refresh_token", "refresh_token": used}
        granted = self.endpoint.ask(
            {**form, **_secret(self.client_secret)}, is_repeatable=False
        )
        if granted.refresh and granted.refresh != used:
            self.tokens.keep(granted.refresh)
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
    granted = endpoint.ask({**form, **_secret(client_secret)}, is_repeatable=False)
    if not granted.refresh:
        raise Permanent(
            "Salesforce gave no refresh token. Allow the app the scope refresh_token,"
            " and sign in again.",
            code="NO_REFRESH_TOKEN",
        )
    return granted


def _secret(client_secret: str) -> Form:
    return {"client_secret": client_secret} if client_secret else {}
