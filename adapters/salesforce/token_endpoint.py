"""Asking Salesforce for tokens, over HTTP."""

from dataclasses import dataclass, field
from datetime import timedelta
from time import sleep as system_sleep
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
    leads_inside,
    parse_retry_after,
    repeat,
)
from adapters.oauth import Token
from adapters.salesforce.signing_in import Form, parse_body, to_error, to_identity

_ORGANIZATION = 15
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 15.0
_ATTEMPTS = 2
_LONGEST_PAUSE = timedelta(seconds=5)
"""The others wait meanwhile, in every process."""
_OK = 200


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer to a sign-in; `refresh` is empty unless a refresh token came along."""

    token: Token
    refresh: str = field(default="", repr=False)


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
        # Before a code or a refresh token is spent on an address that cannot be used.
        self._api_url = api_url and check_address(api_url, allow_private=allow_private)
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
                raise leads_inside("The login address") from None
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
        api_url = self._api_url or check_address(
            str(body.get("instance_url") or ""), allow_private=self._allow_private
        )
        return Granted(
            Token(access, api_url, account=organization, user=user),
            refresh=str(body.get("refresh_token") or ""),
        )
