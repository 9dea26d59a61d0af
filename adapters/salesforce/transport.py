"""How requests leave: with time-outs, over kept connections, and not to anywhere."""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from adapters.errors import OutsideError, Transient, Unanswered
from adapters.http import PrivateAddressError, guard, leads_inside

TIMEOUT_S = (5.0, 60.0)
"""To connect, and for an answer: a save runs the organisation's own flows first."""

_HEADERS = {
    "Accept": "application/json",
    "User-Agent": "slagboom",
    # By this name our own writes can be told in change events.
    "Sforce-Call-Options": "client=slagboom",
}


class _Transport(HTTPAdapter):
    """Sends for `requests`, which has no time-out of its own."""

    def __init__(
        self, *, connections: int, allow_private: bool, timeout: tuple[float, float]
    ) -> None:
        self._allow_private = allow_private
        self._timeout = timeout
        super().__init__(pool_maxsize=connections)

    def init_poolmanager(self, *arguments: Any, **words: Any) -> None:
        """Make the connections' pool, guarded."""
        super().init_poolmanager(*arguments, **words)
        if not self._allow_private:
            guard(self.poolmanager)

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **words: Any
    ) -> requests.Response:
        """Send with a time-out, whoever forgot it."""
        words["timeout"] = self._timeout
        return super().send(request, *arguments, **words)


def make_session(
    *, connections: int, allow_private: bool, timeout: tuple[float, float] = TIMEOUT_S
) -> requests.Session:
    """Return a session that keeps so many connections and nothing else.

    `timeout` is in seconds, for connecting and for every wait for an answer.

    Cookies are refused: a session with them is not safe to use from several threads.
    So is the environment, whose .netrc would replace the token and whose proxy would
    lead around the guard.
    """
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(_HEADERS)
    transport = _Transport(
        connections=connections, allow_private=allow_private, timeout=timeout
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, transport)
    return session


def to_lost(error: RequestException) -> OutsideError:
    """Return what a failed connection means: Unanswered if the request had left."""
    cause = error.args[0] if error.args else error
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, PrivateAddressError):
        return leads_inside("Salesforce's address")
    is_before = isinstance(error, ConnectTimeout | SSLError)
    if is_before or isinstance(reason, NewConnectionError):
        return Transient(
            "Salesforce cannot be reached. Slagboom tries again.", code="UNREACHABLE"
        )
    return Unanswered("Salesforce gave no answer.", code="NO_ANSWER")
