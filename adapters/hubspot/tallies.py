"""Which linked activities count, and when they were. Pure.

Values: developers.hubspot.com/docs/api-reference/crm-calls-v3/guide, likewise for
meetings, emails and quotes. Someone who records no outcome is believed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from adapters.hubspot.values import to_instant
from adapters.marks import find_marks
from adapters.wire import Json, part
from rules.model import EvidenceKind, Tally


@dataclass(frozen=True, slots=True)
class Activity:
    """How one kind of evidence is kept: as objects of type `name`.

    `at` are the properties with its moment, the first that is filled counts. A record
    whose `state` is in `void` never happened; `past_void` holds only once it is past.
    Where `only` names a property and a value, others are of another kind. What carries
    our mark in `body` is our own, and no plan of anybody's.
    """

    name: str
    at: tuple[str, ...] = ()
    state: str = ""
    void: frozenset[str] = frozenset()
    past_void: frozenset[str] = frozenset()
    is_void_without_state: bool = False
    only: tuple[str, str] | None = None
    body: str = ""

    @property
    def properties(self) -> list[str]:
        """Return what has to be asked for; nothing if being linked is enough."""
        only = [] if self.only is None else [self.only[0]]
        others = [one for one in (self.state, self.body) if one]
        return [*self.at, *others, *only]


ACTIVITIES: Mapping[EvidenceKind, Activity] = MappingProxyType(
    {
        EvidenceKind.QUOTES: Activity(
            "quotes",
            at=("hs_createdate",),
            state="hs_status",
            void=frozenset({"DRAFT", "PENDING_APPROVAL", "REJECTED"}),
            is_void_without_state=True,
        ),
        EvidenceKind.MEETINGS: Activity(
            "meetings",
            at=("hs_meeting_start_time", "hs_timestamp"),
            state="hs_meeting_outcome",
            void=frozenset({"CANCELED", "CANCELLED", "NO_SHOW"}),
            # A meeting that was moved is held at its later time.
            past_void=frozenset({"RESCHEDULED"}),
        ),
        EvidenceKind.CALLS: Activity(
            "calls",
            at=("hs_timestamp",),
            state="hs_call_status",
            void=frozenset({"BUSY", "CANCELED", "FAILED", "NO_ANSWER"}),
        ),
        EvidenceKind.EMAILS: Activity(
            "emails",
            at=("hs_timestamp",),
            state="hs_email_status",
            void=frozenset({"BOUNCED", "FAILED"}),
        ),
        EvidenceKind.EMAILS_SENT: Activity(
            "emails",
            at=("hs_timestamp",),
            state="hs_email_status",
            void=frozenset({"BOUNCED", "FAILED"}),
            only=("hs_email_direction", "EMAIL"),
        ),
        EvidenceKind.TASKS: Activity(
            "tasks",
            at=("hs_timestamp",),
            state="hs_task_status",
            void=frozenset({"COMPLETED"}),
            body="hs_task_body",
        ),
        EvidenceKind.CONTACTS: Activity("contacts"),
        EvidenceKind.ACCOUNT_CONTACTS: Activity("contacts"),
    }
)


def to_tally(activity: Activity, found: Iterable[Json], now: datetime) -> Tally:
    """Return how many of these objects count, and the latest and next of them."""
    count = 0
    last_at: datetime | None = None
    next_at: datetime | None = None
    for one in found:
        values = part(one, "properties")
        at = _moment(activity, values)
        if not _counts(activity, values, is_past=at is not None and at <= now):
            continue
        count += 1
        if at is None:
            continue
        if at <= now:
            last_at = at if last_at is None else max(last_at, at)
        else:
            next_at = at if next_at is None else min(next_at, at)
    return Tally(count, last_at, next_at)


def _moment(activity: Activity, values: Json) -> datetime | None:
    moments = (to_instant(values.get(name)) for name in activity.at)
    return next((at for at in moments if at is not None), None)


def _counts(activity: Activity, values: Json, *, is_past: bool) -> bool:
    if activity.only is not None and values.get(activity.only[0]) != activity.only[1]:
        return False
    if activity.body and find_marks(values.get(activity.body)):
        return False
    if not activity.state:
        return True
    state = values.get(activity.state)
    if not state:
        return not activity.is_void_without_state
    return state not in activity.void and not (is_past and state in activity.past_void)
