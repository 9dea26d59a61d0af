"""The Web API's methods below `/api/`: HTTP 200 and `ok: false` for what is wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Any

from flask import Blueprint, Response, g, request

from adapters.sandbox.faults import Fault
from adapters.sandbox.slack.workspace import Channel, Message, SlackError, Workspace
from adapters.sandbox.users import User

Json = dict[str, Any]

_LONGEST_TEXT = 40_000
_MOST_BLOCKS = 50


@dataclass(slots=True)
class Call:
    """One call: the workspace and the arguments, from query, form or JSON."""

    workspace: Workspace
    arguments: Json

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return whether an argument says yes."""
        return self.text(name).lower() in {"1", "true"}

    def parsed(self, name: str, default: Any) -> Any:
        """Return an argument that is JSON, be it as text or already parsed."""
        value = self.arguments.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError:
                raise SlackError(f"invalid_{name}") from None
        return default if value in (None, "") else value


View = Callable[[Call], Json]


def refusal(fault: Fault) -> Json:
    """Return the body of a planned refusal."""
    names = {429: "ratelimited", 503: "service_unavailable"}
    return {"ok": False, "error": names.get(fault.status, "internal_error")}


def blueprint(workspace: Workspace, lock: RLock) -> Blueprint:
    """Return the blueprint that serves a workspace."""
    made = Blueprint("slack", __name__, url_prefix="/api")

    @made.route("/<method>", methods=["GET", "POST"])
    def serve(method: str) -> Response:
        g.operation = f"slack.{method}"
        with lock:
            try:
                body = _call(workspace, method)
            except SlackError as error:
                body = error.body
        status = 429 if body.get("error") == "ratelimited" else 200
        headers = {"Retry-After": "1"} if status != 200 else {}  # noqa: PLR2004
        scopes = workspace.tokens.get(_token({}))
        if scopes is not None:
            headers["X-OAuth-Scopes"] = ",".join(sorted(scopes))
        return Response(
            json.dumps(body),
            status=status,
            headers=headers,
            content_type="application/json; charset=utf-8",
        )

    return made


def _call(workspace: Workspace, method: str) -> Json:
    if method not in _METHODS:
        raise SlackError("unknown_method", req_method=method)
    view, needed = _METHODS[method]
    arguments: Json = {**request.args.to_dict(), **request.form.to_dict()}
    if request.is_json and request.get_data():
        found = request.get_json(silent=True)
        if not isinstance(found, dict):
            raise SlackError("invalid_json")
        arguments |= found
    _authorize(workspace, arguments, needed)
    return {"ok": True, **view(Call(workspace, arguments))}


def _authorize(workspace: Workspace, arguments: Json, needed: str) -> None:
    token = _token(arguments)
    if not token:
        raise SlackError("not_authed")
    scopes = workspace.tokens.get(token)
    if scopes is None:
        raise SlackError("invalid_auth")
    if needed and needed not in scopes:
        provided = ",".join(sorted(scopes))
        raise SlackError("missing_scope", needed=needed, provided=provided)


def _token(arguments: Json) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() or str(arguments.get("token") or "")


def auth_test(call: Call) -> Json:
    """Say who the token is."""
    settings = call.workspace.settings
    return {
        "url": "https://sandbox.slack.com/",
        "team": settings.team,
        "user": "slagboom",
        "team_id": settings.team_id,
        "user_id": settings.bot_user,
        "bot_id": settings.bot_id,
        "is_enterprise_install": False,
    }


def lookup_by_email(call: Call) -> Json:
    """Return the member with an address."""
    found = call.workspace.find_by_email(call.text("email"))
    if found is None:
        raise SlackError("users_not_found")
    return {"user": _user(call.workspace, *found)}


def user_info(call: Call) -> Json:
    """Return a member by id."""
    slack_id = call.text("user")
    user = call.workspace.find_member(slack_id)
    if user is None:
        raise SlackError("user_not_found")
    return {"user": _user(call.workspace, slack_id, user)}


def user_list(call: Call) -> Json:
    """Return all members."""
    members = [_user(call.workspace, *one) for one in call.workspace.members()]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


def open_conversation(call: Call) -> Json:
    """Open the direct message with one member."""
    users = [one for one in call.text("users").split(",") if one]
    if len(users) != 1:
        raise SlackError("users_list_not_supplied" if not users else "not_supported")
    known = {one.partner for one in call.workspace.channels.values()}
    channel = call.workspace.direct(users[0])
    body: Json = {"channel": {"id": channel.id}}
    if users[0] in known:
        body |= {"no_op": True, "already_open": True}
    return body


def list_conversations(call: Call) -> Json:
    """Return the channels."""
    found = [
        {"id": one.id, "name": one.name, "is_member": one.has_bot, "is_channel": True}
        for one in call.workspace.channels.values()
        if one.name
    ]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def history(call: Call) -> Json:
    """Return a conversation's messages, newest first, between two time stamps."""
    channel = _readable(call)
    oldest, latest = call.text("oldest", "0"), call.text("latest") or "9" * 16
    is_inclusive = call.flag("inclusive")
    cursor = call.text("cursor")
    found = [
        one
        for one in reversed(channel.messages)
        if not one.is_ephemeral
        and (not one.thread_ts or one.thread_ts == one.ts)
        and _is_between(one.ts, oldest, latest, is_inclusive=is_inclusive)
        and (not cursor or float(one.ts) < float(cursor))
    ]
    limit = max(1, min(int(call.text("limit", "100")), 999))
    page = found[:limit]
    has_more = len(found) > limit
    return {
        "messages": [
            _shape(call, one, call.flag("include_all_metadata")) for one in page
        ],
        "has_more": has_more,
        "response_metadata": {"next_cursor": page[-1].ts if has_more else ""},
    }


def replies(call: Call) -> Json:
    """Return a thread: its first message, then the answers."""
    channel, ts = _readable(call), call.text("ts")
    first = call.workspace.find_message(channel, ts)
    found = [first, *(one for one in channel.messages if one.thread_ts == ts)]
    shaped = [_shape(call, one, call.flag("include_all_metadata")) for one in found]
    return {"messages": shaped, "has_more": False}


def post(call: Call) -> Json:
    """Post a message."""
    channel = _writable(call)
    message = _compose(call, channel)
    channel.messages.append(message)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": _shape(call, message, with_metadata=True),
    }


def post_ephemeral(call: Call) -> Json:
    """Post what only one member sees."""
    channel = _writable(call)
    if call.workspace.find_member(call.text("user")) is None:
        raise SlackError("user_not_in_channel")
    message = _compose(call, channel)
    message.is_ephemeral = True
    message.seen_by = call.text("user")
    channel.messages.append(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """Replace a message."""
    channel = call.workspace.channels.get(call.text("channel"))
    if channel is None:
        # Unlike posting, updating takes no name and no member's id.
        raise SlackError("channel_not_found")
    message = call.workspace.find_message(channel, call.text("ts"))
    fresh = _compose(call, channel)
    message.edits.append(message.text)
    message.text, message.blocks = fresh.text, fresh.blocks
    if "metadata" in call.arguments:
        message.metadata = fresh.metadata
    message.edited_ts = fresh.ts
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": _shape(call, message, with_metadata=True),
    }


def delete(call: Call) -> Json:
    """Take a message away."""
    channel = call.workspace.find_channel(call.text("channel"))
    message = call.workspace.find_message(channel, call.text("ts"))
    channel.messages.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> Json:
    """Return a link to a message."""
    channel = call.workspace.find_channel(call.text("channel"))
    message = call.workspace.find_message(channel, call.text("message_ts"))
    address = f"https://sandbox.slack.com/archives/{channel.id}"
    link = f"{address}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


_METHODS: dict[str, tuple[View, str]] = {
    "auth.test": (auth_test, ""),
    "users.lookupByEmail": (lookup_by_email, "users:read.email"),
    "users.info": (user_info, "users:read"),
    "users.list": (user_list, "users:read"),
    "conversations.open": (open_conversation, "im:write"),
    "conversations.list": (list_conversations, "channels:read"),
    "conversations.history": (history, ""),
    "conversations.replies": (replies, ""),
    "chat.postMessage": (post, "chat:write"),
    "chat.postEphemeral": (post_ephemeral, "chat:write"),
    "chat.update": (update, "chat:write"),
    "chat.delete": (delete, "chat:write"),
    "chat.getPermalink": (permalink, ""),
}


def _compose(call: Call, channel: Channel) -> Message:
    text, blocks = call.text("text"), call.parsed("blocks", [])
    metadata = call.parsed("metadata", None)
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > _LONGEST_TEXT:
        raise SlackError("msg_too_long")
    if not isinstance(blocks, list) or len(blocks) > _MOST_BLOCKS:
        raise SlackError("invalid_blocks")
    if metadata is not None and "event_type" not in metadata:
        raise SlackError("metadata_must_be_an_object_with_event_type")
    workspace = call.workspace
    return Message(
        channel=channel.id,
        ts=workspace.next_ts(),
        user=workspace.settings.bot_user,
        text=text,
        blocks=blocks,
        metadata=metadata,
        thread_ts=call.text("thread_ts"),
    )


def _writable(call: Call) -> Channel:
    name = call.text("channel")
    channel = call.workspace.find_channel(name) if name else None
    if channel is None:
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    limit = call.workspace.settings.per_second
    now = float(call.workspace.next_ts())
    recent = [one for one in channel.messages if float(one.ts) > now - 1]
    if limit and len(recent) >= limit:
        raise SlackError("ratelimited")
    return channel


def _readable(call: Call) -> Channel:
    channel = call.workspace.channels.get(call.text("channel"))
    if channel is None:
        raise SlackError("channel_not_found")
    needed = "im:history" if channel.partner else "channels:history"
    _authorize(call.workspace, call.arguments, needed)
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    return channel


def _is_between(ts: str, oldest: str, latest: str, *, is_inclusive: bool) -> bool:
    moment, low, high = float(ts), float(oldest or 0), float(latest)
    if is_inclusive:
        return low <= moment <= high
    return low < moment < high


def _shape(call: Call, message: Message, with_metadata: bool) -> Json:  # noqa: FBT001
    return message.shape(
        bot_id=call.workspace.settings.bot_id, with_metadata=with_metadata
    )


def _user(workspace: Workspace, slack_id: str, user: User) -> Json:
    return {
        "id": slack_id,
        "team_id": workspace.settings.team_id,
        "name": user.email.split("@")[0],
        "deleted": not user.is_active,
        "real_name": user.name,
        "tz": user.time_zone,
        "is_bot": False,
        "profile": {
            "real_name": user.name,
            "display_name": user.first_name,
            "email": user.email,
        },
    }
