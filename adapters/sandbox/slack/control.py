"""`/_sandbox/slack/...`: tokens, channels, button presses and what was posted."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from adapters.sandbox.clock import Clock
from adapters.sandbox.control import Control
from adapters.sandbox.slack.workspace import SCOPES, Workspace

Json = dict[str, Any]
_PRESS_SECONDS = 10.0


class SlackControl:
    """The control paths of one workspace."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace = workspace
        self._clock = clock

    def register(self, control: Control) -> None:
        """Serve them below `/_sandbox/slack`."""
        control.post("slack/settings", self.settings)
        control.post("slack/channels", self.add_channel)
        control.post("slack/tokens", self.tokens)
        control.post("slack/press", self.press, locked=False)
        control.get("slack/messages", self.messages)

    def settings(self, raw: Json) -> Json:
        """Change settings; `signing_secret` among them."""
        raw = dict(raw)
        secret = raw.pop("signing_secret", None)
        if secret:
            self._workspace.signing_secret = str(secret)
        self._workspace.settings.change(raw)
        return {}

    def add_channel(self, raw: Json) -> Json:
        """Add a channel: name, has_bot, is_archived."""
        has_bot = bool(raw.get("has_bot", True))
        channel = self._workspace.add_channel(str(raw["name"]), has_bot=has_bot)
        channel.is_archived = bool(raw.get("is_archived"))
        return {"id": channel.id}

    def tokens(self, raw: Json) -> Json:
        """Add a token with its scopes (default all), or revoke it."""
        token = str(raw["token"])
        if raw.get("revoked"):
            self._workspace.tokens.pop(token, None)
        else:
            scopes = raw.get("scopes")
            self._workspace.tokens[token] = set(SCOPES if scopes is None else scopes)
        return {}

    def messages(self, query: Mapping[str, str]) -> Json:
        """Return what was posted; `to` is an address or `#channel`."""
        return {"messages": self._workspace.posted(query.get("to", ""))}

    def press(self, raw: Json) -> Json:
        """Press a button of a message as a member, and return the app's answer.

        `url` (the app's interactions address), `user` (address), `channel`, `ts`,
        `action_id`; the button's value is found in the message's blocks.
        """
        payload = self._payload(raw)
        body = urlencode({"payload": json.dumps(payload)}).encode()
        stamp = str(self._clock.now_ms() // 1000)
        secret = self._workspace.signing_secret.encode()
        signed = hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256)
        answer = urllib3.request(
            "POST",
            str(raw["url"]),
            body=body,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": f"v0={signed.hexdigest()}",
            },
            timeout=_PRESS_SECONDS,
            retries=False,
        )
        return {"status": answer.status, "body": answer.data.decode("utf-8", "replace")}

    def _payload(self, raw: Json) -> Json:
        found = self._workspace.find_by_email(str(raw["user"]))
        channel = self._workspace.channels.get(str(raw["channel"]))
        if found is None or channel is None:
            raise ValueError("there is no such member or channel")
        slack_id, user = found
        message = self._workspace.find_message(channel, str(raw["ts"]))
        action = _find_action(message.blocks, str(raw["action_id"]))
        settings = self._workspace.settings
        return {
            "type": "block_actions",
            "user": {
                "id": slack_id,
                "username": user.email.split("@")[0],
                "team_id": settings.team_id,
            },
            "api_app_id": "A0SANDBOX",
            "team": {"id": settings.team_id, "domain": "sandbox"},
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
            },
            "channel": {"id": channel.id},
            "message": message.shape(bot_id=settings.bot_id, with_metadata=True),
            "trigger_id": f"{self._clock.now_ms()}.1",
            "actions": [{**action, "action_ts": self._workspace.next_ts()}],
        }


def _find_action(blocks: list[Json], action_id: str) -> Json:
    for block in blocks:
        for element in [*block.get("elements", ()), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                return {
                    "type": element.get("type", "button"),
                    "action_id": action_id,
                    "block_id": block.get("block_id", ""),
                    "value": element.get("value", ""),
                }
    raise ValueError(f"the message has no element {action_id!r}")
