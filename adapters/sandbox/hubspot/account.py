"""One HubSpot account: everything it holds, under the sandbox's one lock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.clock import Clock
from adapters.sandbox.hubspot.apps import App, Happening, Token
from adapters.sandbox.hubspot.catalog import SCOPES, TYPES, ObjectType
from adapters.sandbox.hubspot.links import Links
from adapters.sandbox.hubspot.pipelines import Pipelines
from adapters.sandbox.hubspot.records import Record
from adapters.sandbox.hubspot.schema import Schema
from adapters.sandbox.ids import Sequence
from adapters.sandbox.users import User, Users

Json = dict[str, Any]

FIRST_ID = 40_000_000_001
FIRST_EVENT = 1_000_001
DEFAULT_APP = 7_300_001
DEFAULT_TOKEN = "sandbox-hubspot-token"  # noqa: S105 - opens the sandbox only
DEFAULT_SECRET = "sandbox-client-secret"  # noqa: S105 - signs the sandbox's events


@dataclass(slots=True)
class Settings:
    """What kind of account it is. Limits are those of a Starter account's app.

    A limit of 0 is no limit. `index_lag_ms` is how far searches stay behind.
    """

    portal_id: int = 4_711_001
    ui_domain: str = "app-eu1.hubspot.com"
    time_zone: str = "Europe/Amsterdam"
    currency: str = "EUR"
    account_type: str = "DEVELOPER_TEST"
    burst_limit: int = 100
    burst_window_ms: int = 10_000
    daily_limit: int = 250_000
    search_limit: int = 5
    search_window_ms: int = 1_000
    index_lag_ms: int = 0
    leads_enabled: bool = True
    versions: tuple[str, ...] = ("v3", "2026-03", "2026-09")
    access_token_seconds: int = 1_800

    def change(self, raw: Mapping[str, Any]) -> None:
        """Set what is named; raises ValueError for an unknown setting."""
        for name, value in raw.items():
            if name not in type(self).__dataclass_fields__:
                known = sorted(type(self).__dataclass_fields__)
                raise ValueError(f"no setting {name!r}; there are {known}")
            kind = type(getattr(self, name))
            setattr(self, name, kind(value))


@dataclass(slots=True)
class StageRule:
    """A rule of the account's own admin: properties required in a stage."""

    kind: str
    stage: str
    required: tuple[str, ...]


@dataclass(slots=True)
class Account:
    """The account's state. Callers hold the sandbox's lock."""

    clock: Clock
    users: Users
    settings: Settings = field(default_factory=Settings)
    pipelines: Pipelines = field(default_factory=Pipelines)
    links: Links = field(default_factory=Links)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, int] = field(default_factory=dict)
    rules: list[StageRule] = field(default_factory=list)
    outbox: list[Happening] = field(default_factory=list)
    ids: Sequence = field(default_factory=lambda: Sequence(FIRST_ID))
    event_ids: Sequence = field(default_factory=lambda: Sequence(FIRST_EVENT))
    schema: Schema = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a fresh account."""
        self.schema = Schema(self.pipelines)
        self.reset()

    def reset(self) -> None:
        """Become a fresh account with one app, one token and nothing else."""
        self.settings = Settings()
        self.records = {kind: {} for kind in TYPES}
        self.links.reset()
        self.rules.clear()
        self.outbox.clear()
        self.schema.reset()
        self.pipelines.reset(self.clock.now_ms())
        self.ids.reset()
        self.event_ids.reset()
        self.stop()
        self.apps.clear()
        self.tokens.clear()
        self.refresh_tokens.clear()
        self.add_app(DEFAULT_APP, name="Slagboom", secret=DEFAULT_SECRET)
        self.tokens[DEFAULT_TOKEN] = Token(DEFAULT_TOKEN, DEFAULT_APP, set(SCOPES))

    def stop(self) -> None:
        """End the threads that send webhooks."""
        for app in self.apps.values():
            app.channel.stop()

    def add_app(self, app_id: int, *, name: str, secret: str) -> App:
        """Install an app."""
        app = App(
            app_id,
            name=name,
            secret=secret,
            portal_id=self.settings.portal_id,
            now_ms=self.clock.now_ms,
            next_number=self.event_ids.next_number,
        )
        self.apps[app_id] = app
        return app

    def find(self, kind: str, record_id: str) -> Record | None:
        """Return a record that is not archived; a merged one's id leads to the new."""
        record = self.records[kind].get(record_id)
        while record is not None and record.merged_into:
            record = self.records[kind].get(record.merged_into)
        return None if record is None or record.is_archived else record

    def living(self, kind: str) -> Iterator[Record]:
        """Yield the records of a type that are not archived, oldest id first."""
        for record in self.records[kind].values():
            if record.archived_at is None:
                yield record

    def has(self, kind: ObjectType) -> bool:
        """Return whether this account has such objects at all."""
        return kind.name != "leads" or self.settings.leads_enabled

    def owner_id(self, user: User) -> str:
        """Return what records carry in `hubspot_owner_id` for a user."""
        return user.ids.get("hubspot_owner") or str(600_000_000 + user.number)

    def user_id(self, user: User) -> int:
        """Return the id of a user, which is another than the owner's."""
        return int(user.ids.get("hubspot_user") or 70_000_000 + user.number)

    def publish(self) -> None:
        """Hand what happened since the last call to the apps' channels."""
        happenings, self.outbox = self.outbox, []
        if happenings:
            for app in self.apps.values():
                app.tell(happenings)
