"""Notes and tasks on records, findable by our key.

A note is a post in the record's feed. Where an object has no feed, or our user may not
post, it is a task that was completed at once: the activity timeline shows it, with its
text. Nothing has to be installed for either.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.batching import cut
from adapters.http import Clock
from adapters.marks import find_marks, to_mark
from adapters.ports import Note, Outcome, OutcomeKind, Task
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.collecting import Collecting, Row
from adapters.salesforce.crm.people import People
from adapters.salesforce.crm.reading import Reading, by_kind, find_id
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.crm.statuses import Statuses
from adapters.salesforce.ids import to_18
from adapters.salesforce.kinds import OWNER_FIELD
from adapters.salesforce.queries import IDS, is_in, select
from adapters.salesforce.texts import to_lines, to_plain, to_rich, to_subject
from adapters.salesforce.values import to_wire
from adapters.wire import text
from rules.model import Kind, OwnerId, RecordRef

POST, TASK = "FeedItem", "Task"
_PARENT, _BODY, _DESCRIPTION = "ParentId", "Body", "Description"


class Noting:
    """Makes and finds notes and tasks."""

    def __init__(
        self,
        client: SalesforceClient,
        shape: Shape,
        *,
        reading: Reading,
        people: People,
        clock: Clock,
    ) -> None:
        """Use what reads records and knows the people."""
        self._client = client
        self._shape = shape
        self._reading = reading
        self._people = people
        self._statuses = Statuses(client, clock)
        self._collecting = Collecting(client)

    def write_notes(self, notes: Sequence[Note]) -> dict[str, Outcome]:
        """Put notes on timelines, and say by key how each ended."""
        made: dict[str, list[Row]] = {POST: [], TASK: []}
        outcomes: dict[str, Outcome] = {}
        for note in notes:
            on_id = find_id(note.on)
            if on_id is None:
                outcomes[note.key] = _gone()
            elif self._has_feed(note.on.kind):
                made[POST].append(_to_post(note, on_id))
            else:
                made[TASK].append(self._to_done_task(note, on_id))
        for rows in made.values():
            ended = self._collecting.create(rows)
            outcomes |= {key: one.outcome for key, one in ended.items()}
        return outcomes

    def create_tasks(self, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """Create tasks, and say by key how each ended.

        Salesforce gives none to somebody inactive, and to few queues: it goes to the
        nearest superior who is still here, else it stays with our own user.
        """
        outcomes: dict[str, Outcome] = {}
        rows: dict[str, Row] = {}
        for task in tasks:
            on_id = find_id(task.on)
            if on_id is None:
                outcomes[task.key] = _gone()
            else:
                rows[task.key] = self._to_task(task, on_id)
        ended = self._collecting.create(list(rows.values()))
        owners = {task.key: task.owner for task in tasks}
        again = [
            _owned_by(rows[key], self._people.stand_in(owners[key]))
            for key, one in ended.items()
            if one.is_about_owner
        ]
        ended |= self._collecting.create(again)
        return outcomes | {key: one.outcome for key, one in ended.items()}

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> dict[str, str]:
        """Return the ids of the notes that are there, by key."""
        posts = {key: ref for key, ref in wanted.items() if self._has_feed(ref.kind)}
        rest = {key: ref for key, ref in wanted.items() if key not in posts}
        found = self._find(
            POST, _BODY, {_note(key): (key, ref) for key, ref in posts.items()}
        )
        return found | self._find(
            TASK, _DESCRIPTION, {_note(key): (key, ref) for key, ref in rest.items()}
        )

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> dict[str, str]:
        """Return the ids of the tasks that are there, by key."""
        return self._find(
            TASK, _DESCRIPTION, {key: (key, ref) for key, ref in wanted.items()}
        )

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        own = {}
        for one in ids:
            try:
                own[to_18(one)] = one
            except ValueError:
                continue
        rows = self._reading.fetch(TASK, list(own), ["Id", "IsClosed"])
        return frozenset(
            own[task_id] for task_id, row in rows.items() if row.get("IsClosed") is True
        )

    def _find(
        self, name: str, body: str, wanted: Mapping[str, tuple[str, RecordRef]]
    ) -> dict[str, str]:
        """Look through what hangs on the records, by query: a search index lags."""
        found: dict[str, str] = {}
        for kind, own in by_kind(ref for _, ref in wanted.values()).items():
            marks = {
                (find_id(ref), to_mark(marked)): key
                for marked, (key, ref) in wanted.items()
                if ref.kind is kind
            }
            parent = self._parent(name, kind)
            for piece in cut(list(own), IDS):
                rows = self._client.rows(
                    select(["Id", parent, body], name, is_in(parent, piece))
                )
                for row in rows:
                    for mark in find_marks(text(row, body)):
                        key = marks.get((text(row, parent), mark))
                        if key is not None:
                            found[key] = text(row, "Id")
        return found

    def _parent(self, name: str, kind: Kind) -> str:
        """Return the field by which a post or a task refers to such a record."""
        return _PARENT if name == POST else self._shape.type_of(kind).activity

    def _has_feed(self, kind: Kind) -> bool:
        described = self._shape.find(self._shape.type_of(kind).name)
        posts = self._shape.find(POST)
        return (
            described is not None
            and described.has_feed
            and posts is not None
            and posts.raw.get("createable") is True
        )

    def _to_done_task(self, note: Note, on_id: str) -> Row:
        """Return the task that stands for a note: nobody has anything to do for it."""
        lines = to_lines(note.html)
        day = note.at.astimezone(self._people.zone_of(note.owner)).date()
        on = self._shape.type_of(note.on.kind).activity
        body = {
            "attributes": {"type": TASK},
            on: on_id,
            "Subject": to_subject(lines[0] if lines else "Slagboom"),
            _DESCRIPTION: to_plain(note.html, _note(note.key)),
            "ActivityDate": day.isoformat(),
            "Status": self._statuses.words().closed,
        }
        return Row(note.key, body, on=on)

    def _to_task(self, task: Task, on_id: str) -> Row:
        """Return a task: its day is one of the owner's zone, its reminder exact."""
        words = self._statuses.words()
        day = task.due_at.astimezone(self._people.zone_of(task.owner)).date()
        on = self._shape.type_of(task.on.kind).activity
        body: dict[str, Any] = {
            "attributes": {"type": TASK},
            on: on_id,
            "Subject": to_subject(task.subject),
            _DESCRIPTION: to_plain(task.html, task.key),
            "ActivityDate": day.isoformat(),
            "ReminderDateTime": to_wire(task.due_at),
            "IsReminderSet": True,
            "Status": words.open,
        }
        if task.is_urgent and words.urgent:
            body["Priority"] = words.urgent
        if task.owner:
            body[OWNER_FIELD] = task.owner
        return Row(task.key, body, on=on)


def _note(key: str) -> str:
    """Return what a note is marked with: a task of the same key is another thing."""
    return f"note {key}"


def _to_post(note: Note, on_id: str) -> Row:
    body = {
        "attributes": {"type": POST},
        _PARENT: on_id,
        "Type": "TextPost",
        "IsRichText": True,
        _BODY: to_rich(note.html, _note(note.key)),
    }
    return Row(note.key, body, on=_PARENT)


def _owned_by(row: Row, owner: OwnerId | None) -> Row:
    body = {name: value for name, value in row.body.items() if name != OWNER_FIELD}
    if owner is not None:
        body[OWNER_FIELD] = owner
    return Row(row.key, body, on=row.on)


def _gone() -> Outcome:
    return Outcome(OutcomeKind.GONE, reason="no such record")
