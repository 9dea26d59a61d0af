"""The workspace: channels, direct messages and what was posted there."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from adapters.sandbox.clock import Clock
from adapters.sandbox.users import User, Users

Json = dict[str, Any]

DEFAULT_TOKEN = "xoxb-sandbox-slack-token"  # noqa: S105 - opens the sandbox only
DEFAULT_SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105 - likewise
ABSENT = "-"
"""As a user's slack id: this colleague has no account in the workspace."""

SCOPES = frozenset(
    {
        "chat:write",
        "im:write",
        "im:history",
        "channels:history",
        "channels:read",
        "users:read",
        "users:read.email",
    }
)


class SlackError(Exception):
    """An answer of `ok: false`; `more` are fields beside `error`."""

    def __init__(self, error: str, **more: Any) -> None:
        """Keep Slack's word for it."""
        super().__init__(error)
        self.body: Json = {"ok": False, "error": error, **more}


@dataclass(slots=True)
class Message:
    """One message, as it stands now; `edits` are its earlier texts."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str = ""
    edited_ts: str = ""
    edits: list[str] = field(default_factory=list)
    is_ephemeral: bool = False
    seen_by: str = ""

    def shape(self, *, bot_id: str, with_metadata: bool) -> Json:
        """Return the wire form."""
        shaped: Json = {
            "type": "message",
            "user": self.user,
            "bot_id": bot_id,
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
        }
        if self.thread_ts:
            shaped["thread_ts"] = self.thread_ts
        if self.edited_ts:
            shaped["edited"] = {"user": self.user, "ts": self.edited_ts}
        if with_metadata and self.metadata:
            shaped["metadata"] = self.metadata
        return shaped


@dataclass(slots=True)
class Channel:
    """A channel, or with `partner` a direct message with one person."""

    id: str
    name: str = ""
    partner: str = ""
    has_bot: bool = True
    is_archived: bool = False
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class Settings:
    """`per_second`: messages a channel takes in a second, 0 for no limit."""

    team: str = "Sandbox"
    team_id: str = "T0SANDBOX"
    bot_user: str = "U0SLAGBOOM"
    bot_id: str = "B0SLAGBOOM"
    per_second: int = 0

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set what is named; raises ValueError for an unknown setting."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                known = sorted(type(self).__dataclass_fields__)
                raise ValueError(f"no setting {name!r}; there are {known}")
            setattr(self, name, type(getattr(self, name))(value))


class Workspace:
    """One workspace. Callers hold the sandbox's lock."""

    def __init__(self, clock: Clock, users: Users) -> None:
        self._clock = clock
        self._users = users
        self.reset()

    def reset(self) -> None:
        """Have one token, the channel #general and nothing said."""
        self.settings = Settings()
        self.signing_secret = DEFAULT_SIGNING_SECRET
        self.tokens: dict[str, set[str]] = {DEFAULT_TOKEN: set(SCOPES)}
        self.channels: dict[str, Channel] = {}
        self._last_ts = 0
        self.add_channel("general")

    def add_channel(self, name: str, *, has_bot: bool = True) -> Channel:
        """Add a channel; without the bot in it, posting is refused."""
        channel = Channel(f"C0SB{len(self.channels):05d}", name, has_bot=has_bot)
        self.channels[channel.id] = channel
        return channel

    def slack_id(self, user: User) -> str:
        """Return a colleague's id in the workspace."""
        return user.ids.get("slack") or f"U0SB{user.number:05d}"

    def members(self) -> Iterator[tuple[str, User]]:
        """Yield everybody with an account, deactivated ones included."""
        for user in self._users:
            if (slack_id := self.slack_id(user)) != ABSENT:
                yield slack_id, user

    def find_member(self, slack_id: str) -> User | None:
        """Return who has this id, or None."""
        return next((user for one, user in self.members() if one == slack_id), None)

    def find_by_email(self, email: str) -> tuple[str, User] | None:
        """Return the active member with this address, or None."""
        user = self._users.find(email)
        if user is None or not user.is_active or self.slack_id(user) == ABSENT:
            return None
        return self.slack_id(user), user

    def direct(self, slack_id: str) -> Channel:
        """Return the direct message with a member, opened if need be."""
        user = self.find_member(slack_id)
        if user is None:
            raise SlackError("user_not_found")
        if not user.is_active:
            raise SlackError("user_disabled")
        for channel in self.channels.values():
            if channel.partner == slack_id:
                return channel
        channel = Channel("D" + slack_id[1:], partner=slack_id)
        self.channels[channel.id] = channel
        return channel

    def find_channel(self, name: str) -> Channel:
        """Return a channel by id, by name, or the direct message of a member's id."""
        if name in self.channels:
            return self.channels[name]
        for channel in self.channels.values():
            if channel.name and channel.name == name.removeprefix("#"):
                return channel
        if name.startswith("U") and self.find_member(name) is not None:
            return self.direct(name)
        raise SlackError("channel_not_found")

    def find_message(self, channel: Channel, ts: str) -> Message:
        """Return a message by its time stamp."""
        for message in channel.messages:
            if message.ts == ts and not message.is_ephemeral:
                return message
        raise SlackError("message_not_found")

    def next_ts(self) -> str:
        """Return a time stamp that no message has yet."""
        now = self._clock.now_ms() * 1000
        self._last_ts = max(now, self._last_ts + 100)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def posted(self, email: str = "") -> list[Json]:
        """Return everything that was posted, oldest first; `email` narrows it."""
        found: list[Json] = []
        for channel in self.channels.values():
            partner = self.find_member(channel.partner) if channel.partner else None
            to = partner.email if partner is not None else f"#{channel.name}"
            if not email or to == email:
                found += [{**asdict(one), "to": to} for one in channel.messages]
        return sorted(found, key=lambda one: str(one["ts"]))
