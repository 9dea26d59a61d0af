"""Messages as Slack's blocks, and Slack's error words as our errors. No I/O.

Everything a customer may have written goes out as plain text or escaped, so that no
name can mention a channel or pose as a link:
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.errors import (
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.ports import Item, Message

EVENT_TYPE = "slagboom_message"

# https://docs.slack.dev/reference/block-kit/blocks
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3000
_LONGEST_TEXT = 3900
# Of the 50 blocks that a message may have; the others are for what is said around them.
_MOST_SECTIONS = 40

_UNAUTHORIZED = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
_FORBIDDEN = frozenset(
    {
        "access_denied",
        "ekm_access_denied",
        "messages_tab_disabled",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "two_factor_setup_required",
    }
)
_NOT_FOUND = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_TRANSIENT = frozenset(
    {
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_CODE = re.compile(r"[a-z0-9_]+")
# "It's possible some aspect of the operation succeeded before the error was raised":
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_DOUBTFUL = frozenset({"fatal_error", "internal_error"})
_SERVER_FAULT = 500
_TOO_MANY = 429


def to_body(message: Message) -> dict[str, Any]:
    """Return text, blocks and metadata; the metadata's key makes it findable."""
    subject = f"✓ {message.subject}" if message.is_settled else message.subject
    lines = [line for line in message.lines if line.strip()]
    said = [one.text for one in message.items]
    blocks: list[dict[str, Any]] = []
    if subject:
        blocks.append({"type": "header", "text": _plain(subject, _LONGEST_HEADER)})
    blocks += [
        {"type": "section", "text": _plain(line, _LONGEST_SECTION)} for line in lines
    ]
    blocks += _listed(message.items)
    if _is_web(message.link):
        link = Item(message.link_text or message.link, message.link)
        blocks.append(_section(_marked(link)))
    if message.footer:
        footer = _plain(message.footer, _LONGEST_SECTION)
        blocks.append({"type": "context", "elements": [footer]})
    return {
        # What notifications and screen readers say; on screen the blocks replace it.
        "text": _escape("\n".join([subject, *lines, *said])[:_LONGEST_TEXT]),
        "blocks": blocks,
        "metadata": {
            "event_type": EVENT_TYPE,
            "event_payload": {"key": message.key},
        },
    }


def key_of(message: Mapping[str, Any]) -> str:
    """Return the key that a message of a history carries; empty if it is not ours."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("key", ""))


def to_error(
    code: str, *, status: int, needed: str = "", retry_after: timedelta | None = None
) -> OutsideError:
    """Return what Slack's answer means. `needed` are the scopes it named."""
    # What is no word of Slack's comes from something on the way to it, or is the SDK's
    # text about a body that it cannot read.
    code = code if _CODE.fullmatch(code) else ""
    if status == _TOO_MANY or code in _TRANSIENT:
        return Transient(
            f"Slack asks for patience ({code or status}).",
            code=code,
            retry_after=retry_after,
        )
    if status >= _SERVER_FAULT or code in _DOUBTFUL or not code:
        return Unanswered(
            f"Slack failed (HTTP {status}) and may have done it all the same.",
            code=code,
        )
    return _to_refusal(code, needed)


def _to_refusal(code: str, needed: str) -> Permanent:
    if code in _UNAUTHORIZED:
        return Unauthorized(
            f"Slack refused the token ({code}). Install the app again and give"
            " Slagboom its fresh bot token.",
            code=code,
        )
    if code == "missing_scope":
        missing = tuple(scope.strip() for scope in needed.split(",") if scope.strip())
        named = ", ".join(missing) or "one"
        return Forbidden(
            f"The Slack app lacks a scope ({named}). Add it under OAuth & Permissions"
            " and install the app again.",
            code=code,
            missing=missing,
        )
    if code in _FORBIDDEN:
        return Forbidden(
            f"Slack does not let the app do this ({code}). Ask a workspace admin to"
            " allow it.",
            code=code,
        )
    if code in _NOT_FOUND:
        return NotFound(
            f"Slack does not know this person, channel or message ({code}).", code=code
        )
    return Permanent(f"Slack refused this ({code}).", code=code)


def _listed(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return sections with one item a line; what has no room is counted."""
    sections: list[str] = []
    for place, item in enumerate(items):
        line = f"• {_marked(item)}"
        if sections and len(sections[-1]) + len(line) < _LONGEST_SECTION:
            sections[-1] += f"\n{line}"
        elif len(sections) < _MOST_SECTIONS:
            sections.append(line)
        else:
            sections.append(f"… +{len(items) - place}")
            break
    return [_section(text) for text in sections]


def _marked(item: Item) -> str:
    """Return an item in Slack's markup, as a link if it has an address."""
    label = _escape(item.text).replace("|", "∣")
    if not _is_web(item.link):
        return label
    # Slack takes what stands between < and | as the address.
    address = _escape(item.link.replace("|", "%7C"))
    return f"<{address}|{label}>"


def _section(marked: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": marked}}


def _plain(text: str, longest: int) -> dict[str, Any]:
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return {"type": "plain_text", "text": text, "emoji": False}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_web(link: str) -> bool:
    return link.lower().startswith(("https://", "http://"))
