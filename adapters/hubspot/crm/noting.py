"""Notes and tasks on records' timelines, findable by our key."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from adapters.batching import cut
from adapters.errors import OutsideError, Permanent, Unauthorized
from adapters.hubspot.batches import LARGEST, Row
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.linking import Linking
from adapters.hubspot.crm.reading import Reading
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.crm.writing import Writing
from adapters.hubspot.paths import Paths
from adapters.hubspot.values import to_ms
from adapters.marks import find_marks, to_mark, with_mark
from adapters.ports import Note, Outcome, OutcomeKind, Task
from adapters.wire import part, parts, text
from rules.model import Kind, RecordRef

_NOTE_BODY = "hs_note_body"
_TASK_BODY = "hs_task_body"
_COMPLETED = "COMPLETED"
_BY_HUBSPOT = "HUBSPOT_DEFINED"


class Noting:
    """Makes and finds notes and tasks."""

    def __init__(
        self,
        client: HubSpotClient,
        paths: Paths,
        *,
        shape: Shape,
        reading: Reading,
        linking: Linking,
        writing: Writing,
    ) -> None:
        """Use what reads, links and writes records."""
        self._client = client
        self._paths = paths
        self._shape = shape
        self._reading = reading
        self._linking = linking
        self._writing = writing
        self._learned: dict[tuple[str, str], int | None] = {}

    def write_notes(self, notes: Sequence[Note]) -> dict[str, Outcome]:
        """Put notes on timelines, and say by key how each ended."""
        made = [(note.key, note.on, _to_note(note)) for note in notes]
        return self._create("notes", made, _NOTE_BODY)

    def create_tasks(self, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """Create tasks, and say by key how each ended."""
        made = [(task.key, task.on, _to_task(task)) for task in tasks]
        return self._create("tasks", made, _TASK_BODY)

    def find_notes(self, wanted: Mapping[str, RecordRef]) -> dict[str, str]:
        """Return the ids of the notes that are there, by key."""
        return self._find("notes", wanted, _NOTE_BODY)

    def find_tasks(self, wanted: Mapping[str, RecordRef]) -> dict[str, str]:
        """Return the ids of the tasks that are there, by key."""
        return self._find("tasks", wanted, _TASK_BODY)

    def completed_tasks(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these tasks somebody has completed."""
        found = self._reading.fetch("tasks", ids, ["hs_task_status"])
        return frozenset(
            task_id
            for task_id, raw in found.items()
            if text(part(raw, "properties"), "hs_task_status") == _COMPLETED
        )

    def _create(
        self,
        type_name: str,
        made: Sequence[tuple[str, RecordRef, dict[str, str]]],
        marked: str,
    ) -> dict[str, Outcome]:
        rows: list[Row] = []
        loose: dict[str, str] = {}
        for key, ref, properties in made:
            type_id = self._link_type(type_name, ref.kind)
            if type_id is None:
                loose[key] = ref.id
            body = {
                "properties": properties,
                "associations": [] if type_id is None else [_link(ref, type_id)],
            }
            rows.append(Row(key, body, mark=to_mark(key)))
        path = self._paths.objects(type_name, "batch/create")
        outcomes = self._writing.send(path, rows, marked=marked)
        return outcomes | self._attach(type_name, loose, outcomes)

    def _link_type(self, type_name: str, kind: Kind) -> int | None:
        """Return the association type from notes or tasks to a kind.

        What is made and associated in one request is never there without being found:
        a worker that dies in between leaves nothing loose.
        """
        about = self._shape.type_of(kind)
        published = about.note if type_name == "notes" else about.task
        if published is not None:
            return published
        pair = type_name, about.name
        if pair not in self._learned:
            self._learned[pair] = self._ask_link_type(*pair)
        return self._learned[pair]

    def _ask_link_type(self, type_name: str, to_type: str) -> int | None:
        """Ask the account for a type that HubSpot has not published; None: no answer.

        developers.hubspot.com/docs/api-reference/crm-associations-v4/guide: labels
        lists all types between two objects, the one without a label among them.
        """
        path = self._paths.associations(type_name, to_type, "labels")
        try:
            answer = self._client.get(path)
        except Unauthorized:
            raise
        except Permanent:
            return None
        for one in parts(answer, "results"):
            type_id = text(one, "typeId")
            if (
                text(one, "category") == _BY_HUBSPOT
                and not text(one, "label")
                and type_id.isdigit()
            ):
                return int(type_id)
        return None

    def _attach(
        self, type_name: str, loose: Mapping[str, str], outcomes: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """Associate what was made on leads where the account tells no type for that.

        What cannot be associated is taken back, so that nothing lies about unseen.
        """
        made = {
            key: (outcomes[key].external_id, lead_id)
            for key, lead_id in loose.items()
            if outcomes[key].kind is OutcomeKind.DONE
        }
        failed: dict[str, Outcome] = {}
        path = self._paths.associations(type_name, "leads", "batch/associate/default")
        for piece in cut(list(made), LARGEST):
            inputs = [
                {"from": {"id": made[key][0]}, "to": {"id": made[key][1]}}
                for key in piece
            ]
            try:
                body = self._client.settle(path, {"inputs": inputs}).body
            except OutsideError as error:
                reason = str(error)
                failed |= {
                    key: Outcome(OutcomeKind.FAILED, reason=reason) for key in piece
                }
                continue
            linked = {text(part(one, "from"), "id") for one in parts(body, "results")}
            failed |= {
                key: Outcome(OutcomeKind.GONE, reason="the lead is not there")
                for key in piece
                if made[key][0] not in linked
            }
        if failed:
            self._take_back(type_name, [made[key][0] for key in failed])
        return failed

    def _take_back(self, type_name: str, ids: Sequence[str]) -> None:
        path = self._paths.objects(type_name, "batch/archive")
        for piece in cut(ids, LARGEST):
            # Tidying up must not hide how the writes themselves ended.
            with suppress(OutsideError):
                self._client.settle(path, {"inputs": [{"id": one} for one in piece]})

    def _find(
        self, type_name: str, wanted: Mapping[str, RecordRef], marked: str
    ) -> dict[str, str]:
        """Look through what is associated with the records, the youngest first.

        Not by search: its index lags, and what was made a second ago is what counts.
        """
        found: dict[str, str] = {}
        by_type: dict[str, dict[str, str]] = {}
        for key, ref in wanted.items():
            about = self._shape.type_of(ref.kind)
            by_type.setdefault(about.name, {})[key] = ref.id
        for source, keys in by_type.items():
            linked = self._linking.links(source, type_name, list(keys.values()))
            missing = {to_mark(key): key for key in keys}
            ids = sorted(
                {
                    one
                    for record_id in keys.values()
                    for one in linked.get(record_id, ())
                },
                key=_age,
            )
            for piece in cut(ids, LARGEST):
                objects = self._reading.fetch(type_name, piece, [marked])
                for object_id, raw in objects.items():
                    marks = find_marks(text(part(raw, "properties"), marked))
                    for mark in marks & missing.keys():
                        found[missing.pop(mark)] = object_id
                if not missing:
                    break
        return found


def _age(object_id: str) -> int:
    return -int(object_id) if object_id.isdigit() else 0


def _link(ref: RecordRef, type_id: int) -> dict[str, Any]:
    return {
        "to": {"id": ref.id},
        "types": [{"associationCategory": _BY_HUBSPOT, "associationTypeId": type_id}],
    }


def _to_note(note: Note) -> dict[str, str]:
    found = {
        "hs_timestamp": str(to_ms(note.at)),
        _NOTE_BODY: with_mark(note.html, note.key),
    }
    if note.owner:
        found["hubspot_owner_id"] = note.owner
    return found


def _to_task(task: Task) -> dict[str, str]:
    found = {
        "hs_timestamp": str(to_ms(task.due_at)),
        "hs_task_subject": task.subject,
        _TASK_BODY: with_mark(task.html, task.key),
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "HIGH" if task.is_urgent else "MEDIUM",
        "hs_task_type": "TODO",
    }
    if task.owner:
        found["hubspot_owner_id"] = task.owner
    return found
