"""The notifier on Slack's Web API."""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPException
from threading import Lock
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.errors import (
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
)
from adapters.ports import Message, Probe, ProbeLine, Sent
from adapters.slack.mapping import key_of, to_body, to_error

SCOPES: Mapping[str, str] = {
    "chat:write": "send messages",
    "im:history": "see whether a message has arrived",
    "im:write": "open conversations",
    "users:read": "know members",
    "users:read.email": "find members by their address",
}
"""What the bot must be allowed, and why; the manifest asks for the same."""

_MOST_MEMBERS = 10_000
_PAGE = 100
_MOST_PAGES = 5

_MEMBER = re.compile(r"[UW][A-Z0-9]{5,}")
_CONVERSATION = re.compile(r"[CDG][A-Z0-9]{5,}")
# A day and a bit at most: who asks for years is broken.
_SECONDS = re.compile(r"[0-9]{1,5}")


class SlackNotifier:
    """Sends direct messages as the app's bot. Safe to use from several threads."""

    def __init__(self, client: WebClient, default_channel: str | None = None) -> None:
        """Use a client without retries: what to repeat is decided by the caller.

        People whom Slack does not know are told in `default_channel`, if there is one.
        """
        self._client = client
        self._default_channel = default_channel
        self._members: dict[str, str] = {}
        self._lock = Lock()

    def send(self, message: Message) -> Sent:
        """Post the message to `message.to`: an address or an id of Slack's."""
        to = self._conversation_for(message.to)
        if to == self._default_channel != message.to:
            message = replace(message, footer=f"{message.to} {message.footer}".strip())
        answer = _ask(
            self._client.chat_postMessage,
            channel=to,
            unfurl_links=False,
            unfurl_media=False,
            **to_body(message),
        )
        return Sent({"channel": str(answer["channel"]), "ts": str(answer["ts"])})

    def find(self, message: Message) -> Sent | None:
        """Return where the message is, by the key that its metadata carries.

        None as well for a shared channel whose history the app may not read: there a
        message whose answer was lost is posted again rather than not at all.
        """
        to = self._conversation_for(message.to)
        if _MEMBER.fullmatch(to):
            opened = _ask(self._client.conversations_open, users=[to])
            return self._look_in(str(opened["channel"]["id"]), message.key)
        try:
            return self._look_in(to, message.key)
        except (Forbidden, NotFound):
            return None

    def _look_in(self, channel: str, key: str) -> Sent | None:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = _ask(
                self._client.conversations_history,
                channel=channel,
                limit=_PAGE,
                include_all_metadata=True,
                **({"cursor": cursor} if cursor else {}),
            )
            for found in page.get("messages", ()):
                if key_of(found) == key:
                    return Sent({"channel": channel, "ts": str(found["ts"])})
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def update(self, sent: Sent, message: Message) -> None:
        """Replace what was posted."""
        _ask(
            self._client.chat_update,
            channel=sent.reference["channel"],
            ts=sent.reference["ts"],
            **to_body(message),
        )

    def probe(self) -> Probe:
        """Ask who we are, and compare the token's scopes with those that are needed."""
        try:
            answer = _call(self._client.auth_test)
        except OutsideError as error:
            return Probe("", (ProbeLine("token", is_ok=False, message=str(error)),))
        account = f"{answer.get('team', '')} ({answer.get('user', '')})"
        lines = [ProbeLine("token", is_ok=True)]
        # https://docs.slack.dev/authentication/installing-with-oauth: every answer
        # lists the token's scopes.
        listed = _header(answer.headers, "x-oauth-scopes")
        if listed is not None:
            granted = {scope.strip() for scope in listed.split(",")}
            lines += [_to_line(scope, scope in granted) for scope in SCOPES]
        return Probe(account, tuple(lines))

    def _conversation_for(self, to: str) -> str:
        if _MEMBER.fullmatch(to) or _CONVERSATION.fullmatch(to) or to.startswith("#"):
            return to
        address = to.strip().lower()
        with self._lock:
            known = self._members.get(address)
        if known is not None:
            return known
        try:
            answer = _ask(self._client.users_lookupByEmail, email=address)
        except NotFound:
            if self._default_channel is None:
                raise
            return self._default_channel
        member = str(answer["user"]["id"])
        with self._lock:
            if len(self._members) >= _MOST_MEMBERS:
                self._members.clear()
            self._members[address] = member
        return member


def make_client(
    token: str, address: str, timeout: timedelta, context: ssl.SSLContext
) -> WebClient:
    """Return a client that asks once: its own repeats would post twice."""
    return WebClient(
        token=token,
        base_url=f"{address}/",
        timeout=max(1, round(timeout.total_seconds())),
        ssl=context,
        retry_handlers=[],
    )


def _to_line(scope: str, is_granted: bool) -> ProbeLine:  # noqa: FBT001
    remedy = f"Add the scope {scope} to the Slack app and install it again."
    return ProbeLine(
        f"{scope}: {SCOPES[scope]}",
        is_ok=is_granted,
        message="" if is_granted else remedy,
    )


def _ask(method: Callable[..., Any], **arguments: Any) -> Mapping[str, Any]:
    data = _call(method, **arguments).data
    if not isinstance(data, dict):
        raise Transient("Slack's answer could not be read.")
    return data


def _call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Call the API, or raise one of our errors."""
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise _to_error(error) from None
    except URLError as error:
        raise _unreachable(error) from None
    # The last two are the SDK tripping over an answer that is no JSON object.
    except (OSError, HTTPException, ValueError, AttributeError):
        raise Unanswered(
            "Slack's answer was lost on the way; it may have done it all the same."
        ) from None
    except SlackClientError as error:
        raise Permanent(f"Slack's library refused this: {error}") from None


def _to_error(error: SlackApiError) -> OutsideError:
    answer = error.response
    data = answer.data if isinstance(answer.data, dict) else {}
    seconds = _header(answer.headers, "retry-after") or ""
    return to_error(
        str(data.get("error", "")),
        status=answer.status_code,
        needed=str(data.get("needed", "")),
        retry_after=timedelta(seconds=int(seconds))
        if _SECONDS.fullmatch(seconds)
        else None,
    )


def _unreachable(error: URLError) -> OutsideError:
    """Return what a failure before any answer means: the SDK wraps only those."""
    if isinstance(error.reason, ssl.SSLCertVerificationError):
        return Permanent(
            "Slack's certificate is not trusted here. If a proxy opens encrypted"
            " connections, add its certificate to this machine."
        )
    if isinstance(error.reason, TimeoutError):
        return Unanswered("Slack did not answer in time; it may have done it.")
    return Transient("Slack cannot be reached. Check this machine's way out.")


def _header(headers: Mapping[str, Any], name: str) -> str | None:
    for key, value in headers.items():
        if key.lower() == name:
            return str(value)
    return None
