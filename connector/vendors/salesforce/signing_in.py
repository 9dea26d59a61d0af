"""How a connection signs in to Salesforce, and where its tokens are kept.

By what was given: a private key signs in as an approved user, a client secret as the
user that the app runs as. Whoever asks for the browser signs in once, on Salesforce's
own page, and a refresh token goes on from there.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from connector.errors import ConfigError, StoreDown
from connector.vendors.vendor import Means, Texts

if TYPE_CHECKING:
    from adapters.authorizing import Authorization
    from adapters.oauth import Grant, TokenKeeper
    from adapters.salesforce.token_endpoint import TokenEndpoint

# The adapter is loaded when something is opened: a command line needs none of it.
# ruff: noqa: PLC0415

_LIGHTNING, _MY_DOMAIN = ".lightning.force.com", ".my.salesforce.com"

REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of one
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How long a new refresh token waits for a database that is away: others wait too."""


class Way(StrEnum):
    """The ways to sign in."""

    CLIENT_CREDENTIALS = "client-credentials"
    JWT = "jwt"
    BROWSER = "browser"


def way_of(settings: Texts, secrets: Texts) -> Way:
    """Return how this connection signs in."""
    if "sign_in" in settings:
        return Way(settings["sign_in"])
    return Way.JWT if "private_key" in secrets else Way.CLIENT_CREDENTIALS


def check(settings: Texts, secrets: Texts) -> None:
    """Raise ConfigError if what the way to sign in needs was not given."""
    match way_of(settings, secrets):
        case Way.CLIENT_CREDENTIALS:
            if "client_secret" not in secrets:
                raise ConfigError(
                    "--client-secret-file is missing: with the app's secret Slagboom"
                    " signs in as the user that the app runs as. Or give"
                    " --private-key-file and --username to sign in by a key, or"
                    " --sign-in browser to sign in yourself."
                )
        case Way.JWT:
            for name, is_there in (
                ("--private-key-file", "private_key" in secrets),
                ("--username", "username" in settings),
            ):
                if not is_there:
                    raise ConfigError(
                        f"{name} is missing: to sign in by a key takes the key and the"
                        " user who was approved for the app."
                    )
        case Way.BROWSER:
            pass
        case never:
            assert_never(never)


def keeper_of(
    name: str, settings: Texts, secrets: Texts, means: Means
) -> "TokenKeeper":
    """Return what keeps the token of the connection `name`; nothing is sent yet.

    All that are made for one connection, in whatever process, share a token. Raises
    Permanent for an address that cannot be used.
    """
    from adapters.oauth import TokenKeeper

    grant = _grant(name, settings, secrets, means)
    return TokenKeeper(grant, redis=means.redis, name=f"salesforce:{name}")


def forget(name: str, settings: Texts, secrets: Texts, means: Means) -> None:
    """Have the next use of a connection sign in, whatever was refused before."""
    keeper_of(name, settings, secrets, means).forget()


def begin(
    settings: Texts, secrets: Texts, means: Means, redirect_uri: str
) -> "BrowserSignIn | None":
    """Return the sign-in that a person has to do, None if the app signs in by itself.

    `redirect_uri` is where it ends unless the settings say otherwise. Raises Permanent
    for an address that cannot be used.
    """
    from adapters.salesforce import grants

    if way_of(settings, secrets) is not Way.BROWSER:
        return None
    endpoint = _endpoint(settings, means)
    ending = settings.get("redirect_uri") or redirect_uri
    return BrowserSignIn(
        endpoint,
        grants.begin(endpoint, redirect_uri=ending),
        redirect_uri=ending,
        client_secret=secrets.get("client_secret", ""),
    )


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """A sign-in on Salesforce's own page."""

    endpoint: "TokenEndpoint"
    asked: "Authorization"
    redirect_uri: str
    client_secret: str = field(repr=False)

    @property
    def url(self) -> str:
        """Return where the person signs in."""
        return self.asked.url

    def finish(self, pasted: str) -> Texts:
        """Return the refresh token that the address the browser went to is worth.

        Raises as `authorizing.to_code` and `grants.exchange` do.
        """
        from adapters.authorizing import to_code
        from adapters.salesforce import grants

        granted = grants.exchange(
            self.endpoint,
            to_code(pasted, state=self.asked.state),
            verifier=self.asked.verifier,
            redirect_uri=self.redirect_uri,
            client_secret=self.client_secret,
        )
        return {REFRESH_TOKEN: granted.refresh}


class SealedRefreshTokens:
    """The refresh token of a connection, among its sealed secrets."""

    def __init__(
        self, name: str, means: Means, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Keep that of the connection `name`."""
        self._name = name
        self._credentials = means.credentials
        self._sleep = sleep

    def load(self) -> str:
        """Return the token that is valid; Unauthorized if there is none."""
        from adapters.errors import Unauthorized

        found = self._credentials.load(self._name).get(REFRESH_TOKEN)
        if not found:
            raise Unauthorized(
                "Nobody has signed in to Salesforce for this account. Connect it again"
                " with --sign-in browser."
            )
        return found

    def keep(self, token: str, *, former: str) -> None:
        """Put a token in the place of `former`, which is dead from here on.

        Where somebody has signed in anew meanwhile, theirs stays.
        """
        for pause in _PAUSES_S:
            try:
                self._replace(token, former)
            except StoreDown:
                # Lost, it would cost the admin a sign-in.
                self._sleep(pause)
            else:
                return
        self._replace(token, former)

    def _replace(self, token: str, former: str) -> None:
        self._credentials.replace(self._name, REFRESH_TOKEN, former=former, heir=token)


def _grant(name: str, settings: Texts, secrets: Texts, means: Means) -> "Grant":
    from adapters.salesforce import grants

    endpoint = _endpoint(settings, means)
    match way_of(settings, secrets):
        case Way.CLIENT_CREDENTIALS:
            return grants.ClientCredentials(endpoint, secrets["client_secret"])
        case Way.JWT:
            return grants.JwtBearer(
                endpoint,
                username=settings["username"],
                private_key=secrets["private_key"],
                audience=settings["audience"],
            )
        case Way.BROWSER:
            return grants.RefreshToken(
                endpoint,
                SealedRefreshTokens(name, means),
                client_secret=secrets.get("client_secret", ""),
            )
        case never:
            assert_never(never)


def _endpoint(settings: Texts, means: Means) -> "TokenEndpoint":
    from adapters.salesforce.token_endpoint import TokenEndpoint

    return TokenEndpoint(
        settings.get("login_url") or _to_login(settings["instance_url"]),
        client_id=settings["client_id"],
        organization_id=settings["org_id"],
        clock=means.clock,
        api_url=settings.get("api_url", ""),
        allow_private=means.allow_private,
    )


def _to_login(instance_url: str) -> str:
    """Return the My Domain of an organisation that people open in Lightning."""
    name = instance_url.removesuffix(_LIGHTNING)
    return instance_url if name == instance_url else f"{name}{_MY_DOMAIN}"
