"""One Salesforce org: everything it holds, under the sandbox's one lock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.clock import Clock
from adapters.sandbox.ids import Sequence
from adapters.sandbox.salesforce import defaults, ids
from adapters.sandbox.salesforce.calls import Calls
from adapters.sandbox.salesforce.catalog import ObjectType, fresh_types
from adapters.sandbox.salesforce.moments import whole
from adapters.sandbox.salesforce.records import Happening, Record
from adapters.sandbox.salesforce.rules import ValidationRule
from adapters.sandbox.salesforce.sessions import (
    DEFAULT_CLIENT,
    DEFAULT_REFRESH,
    DEFAULT_SECRET,
    DEFAULT_TOKEN,
    ClientApp,
    Code,
    Session,
)
from adapters.sandbox.salesforce.settings import Settings
from adapters.sandbox.users import User, Users

Json = dict[str, Any]

_FIRST_NUMBER = 10_000_019


@dataclass(slots=True)
class Org:
    """The org's state. Callers hold the sandbox's lock."""

    clock: Clock
    users: Users
    id: str = field(default_factory=lambda: ids.make("00D", 1))
    settings: Settings = field(default_factory=Settings)
    types: dict[str, ObjectType] = field(default_factory=dict)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    rules: list[ValidationRule] = field(default_factory=list)
    apps: dict[str, ClientApp] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    refresh_tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    process_stages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cursors: dict[str, Any] = field(default_factory=dict)
    outbox: list[Happening] = field(default_factory=list)
    hearers: list[Callable[[list[Happening]], None]] = field(default_factory=list)
    last_history: dict[str, Record] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    numbers: Sequence = field(default_factory=lambda: Sequence(_FIRST_NUMBER))
    undo: list[Callable[[], None]] | None = None
    _known_users: dict[str, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin as a fresh org."""
        self.reset()

    def reset(self) -> None:
        """Become a fresh org with one app, one session and nothing else."""
        self.settings = Settings()
        self.types = fresh_types()
        self.records = {name: {} for name in self.types}
        for emptied in (
            self.rules,
            self.outbox,
            self.apps,
            self.sessions,
            self.refresh_tokens,
            self.codes,
            self.process_stages,
            self.cursors,
            self.last_history,
            self.calls,
            self._known_users,
        ):
            emptied.clear()
        self.numbers.reset()
        self.undo = None
        user_id = self._add_integration_user()
        self.set_stages(defaults.STAGES)
        for name, marked in defaults.LEAD_STATUSES:
            self._add_status("LeadStatus", name, IsConverted=marked)
        for name, marked in defaults.TASK_STATUSES:
            self._add_status("TaskStatus", name, IsClosed=marked)
        for name, marked in defaults.TASK_PRIORITIES:
            self._add_status("TaskPriority", name, IsHighPriority=marked)
        self.apps[DEFAULT_CLIENT] = ClientApp(
            DEFAULT_CLIENT, "Slagboom", DEFAULT_SECRET, defaults.INTEGRATION_USER
        )
        self.sessions[DEFAULT_TOKEN] = Session(DEFAULT_TOKEN, user_id, DEFAULT_CLIENT)
        self.refresh_tokens[DEFAULT_REFRESH] = (DEFAULT_CLIENT, user_id)

    def type(self, name: str) -> ObjectType | None:
        """Return a type by its name in any case, None if the org has no such."""
        found = self.types.get(name)
        if found is None:
            lower = name.lower()
            found = next(
                (one for key, one in self.types.items() if key.lower() == lower), None
            )
        absent = {
            "Quote": not self.settings.quotes_enabled,
            "FeedItem": not self.settings.feeds_enabled,
            "LeadHistory": not self.settings.tracks_stage_history,
        }
        return None if found is None or absent.get(found.name) else found

    def type_of(self, record_id: str) -> ObjectType | None:
        """Return the type that an id's prefix stands for."""
        for kind in self.types.values():
            if record_id.startswith(kind.prefix):
                return self.type(kind.name)
        return None

    def find(self, record_id: str) -> Record | None:
        """Return a record by its 18-character id, deleted ones too."""
        kind = self.type_of(record_id)
        return None if kind is None else self.records[kind.name].get(record_id)

    def living(self, kind: str) -> Iterator[Record]:
        """Yield the records of a type that are not deleted, oldest first."""
        for record in list(self.records[kind].values()):
            if not record.is_deleted:
                yield record

    def insert(self, kind: str, values: Json, *, at: int, by: str) -> Record:
        """Keep a fresh record as it is; nothing follows from it."""
        made = Record(
            kind, ids.make(self.types[kind].prefix, self.numbers.next_number())
        )
        moment = whole(at)
        made.values = {
            "Id": made.id,
            "IsDeleted": False,
            "CreatedDate": moment,
            "CreatedById": by or made.id,
            "LastModifiedDate": moment,
            "LastModifiedById": by or made.id,
            "SystemModstamp": moment,
            **values,
        }
        table = self.records[kind]
        table[made.id] = made
        if self.undo is not None:
            self.undo.append(lambda: table.__delitem__(made.id))
        return made

    def remember(self, record: Record) -> None:
        """Keep how a record is, in case that its change is taken back."""
        if self.undo is not None:
            values, is_locked = dict(record.values), record.is_locked

            def back() -> None:
                record.values, record.is_locked = values, is_locked

            self.undo.append(back)

    def begin(self) -> list[Callable[[], None]] | None:
        """Begin a change of several records that can be taken back.

        What it returns goes to `finish`: a change may lie within another.
        """
        outer, kept = self.undo, len(self.outbox)
        self.undo = [lambda: self.outbox.__delitem__(slice(kept, None))]
        return outer

    def finish(self, outer: list[Callable[[], None]] | None, *, keep: bool) -> None:
        """End what `begin` began: keep it, or take it back."""
        steps, self.undo = self.undo or [], outer
        if not keep:
            for step in reversed(steps):
                step()
        elif outer is not None:
            outer.extend(steps)

    def choices(self, kind: str, name: str) -> list[str]:
        """Return the values of a picklist, in order."""
        source = {
            ("Opportunity", "StageName"): "OpportunityStage",
            ("OpportunityHistory", "StageName"): "OpportunityStage",
            ("Lead", "Status"): "LeadStatus",
            ("Task", "Status"): "TaskStatus",
            ("Task", "Priority"): "TaskPriority",
        }.get((kind, name))
        if source is None:
            return list(self.types[kind].fields[name].choices)
        rows = sorted(self.living(source), key=lambda row: row.values["SortOrder"])
        return [
            row.values["ApiName"] for row in rows if row.get("IsActive") is not False
        ]

    def stage(self, name: str) -> Record | None:
        """Return a stage by its name, active or not."""
        for row in self.living("OpportunityStage"):
            if row.values["ApiName"] == name:
                return row
        return None

    def default_status(self, kind: str) -> str:
        """Return the default of `LeadStatus` or `TaskStatus`."""
        return next(
            str(row.values["ApiName"])
            for row in self.living(kind)
            if row.values["IsDefault"]
        )

    def set_stages(self, stages: Iterator[Any] | tuple[Any, ...]) -> None:
        """Replace all stages; sort orders leave gaps, as they do in real orgs."""
        self.records["OpportunityStage"].clear()
        for number, one in enumerate(stages, 1):
            stage = one if isinstance(one, defaults.Stage) else defaults.Stage(**one)
            row = {
                "ApiName": stage.name,
                "MasterLabel": stage.name,
                "IsActive": True,
                "SortOrder": number * 2 - 1,
                "IsClosed": stage.is_closed,
                "IsWon": stage.is_won,
                "DefaultProbability": float(stage.probability),
                "ForecastCategoryName": stage.forecast,
                "ForecastCategory": defaults.FORECAST_CATEGORIES[stage.forecast],
            }
            self.insert(
                "OpportunityStage", row, at=self.clock.now_ms(), by=self.integration_id
            )

    @property
    def integration_id(self) -> str:
        """Return the id of the integration user."""
        return next(iter(self.records["User"]))

    def user_id(self, email: str) -> str:
        """Return the id of a colleague by e-mail address; raises ValueError."""
        self.sync_users()
        wanted = email.strip().lower()
        for row in self.living("User"):
            if wanted in {str(row.get("Email")).lower(), str(row.get("Username"))}:
                return row.id
        raise ValueError(f"there is no user {email!r}; seed users first")

    def sync_users(self) -> None:
        """Make the sandbox's people users of this org, or change them."""
        for user in self.users:
            if self._known_users.get(user.email) is user:
                continue
            known = next(
                (one for one in self.living("User") if one.get("Email") == user.email),
                None,
            )
            values = {
                "Username": user.email,
                "Email": user.email,
                "FirstName": user.first_name or None,
                "LastName": user.last_name or user.first_name,
                "Name": user.name,
                "IsActive": user.is_active,
                "TimeZoneSidKey": user.time_zone,
            }
            now = self.clock.now_ms()
            if known is None:
                fixed = {"LanguageLocaleKey": "en_US", "UserType": "Standard"}
                by = self.integration_id
                self.insert("User", {**fixed, **values}, at=now, by=by)
            else:
                known.values |= {**values, "SystemModstamp": whole(now)}
            self._known_users[user.email] = user

    def publish(self) -> None:
        """Tell of what happened since the last call."""
        happenings, self.outbox = self.outbox, []
        if happenings:
            for hear in self.hearers:
                hear(happenings)

    def _add_integration_user(self) -> str:
        values = {
            "Username": defaults.INTEGRATION_USER,
            "Email": defaults.INTEGRATION_USER,
            "LastName": "Integration",
            "Name": "Integration",
            "IsActive": True,
            "TimeZoneSidKey": "Europe/Amsterdam",
            "LanguageLocaleKey": "en_US",
            "UserType": "Standard",
        }
        return self.insert("User", values, at=self.clock.now_ms(), by="").id

    def set_task_statuses(self, names: Mapping[str, bool]) -> None:
        """Replace the statuses of tasks: names, each with whether it closes a task."""
        self.records["TaskStatus"].clear()
        for name, is_closed in names.items():
            self._add_status("TaskStatus", name, IsClosed=is_closed)

    def _add_status(self, kind: str, name: str, **marks: bool) -> None:
        order = len(self.records[kind])
        row = {"ApiName": name, "MasterLabel": name, "SortOrder": order + 1}
        values = {**row, "IsDefault": order == 0, **marks}
        self.insert(kind, values, at=self.clock.now_ms(), by=self.integration_id)
