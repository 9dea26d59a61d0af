"""Batches: cutting them, and telling what became of each row. Pure.

A batch is answered 200, 201 or, when some rows fail, 207 with `errors`:
developers.hubspot.com/docs/api-reference/error-handling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.errors import Transient
from adapters.hubspot.refusals import to_words
from adapters.ports import Outcome, OutcomeKind
from adapters.wire import Json, part, parts, text, texts

T = TypeVar("T")

LARGEST = 100
LARGEST_WITH_HISTORY = 50
LARGEST_OF_LINKS = 1_000

_ABSENT = frozenset({"OBJECT_NOT_FOUND", "NOT_FOUND"})
_BY_CATEGORY = {
    "OBJECT_NOT_FOUND": OutcomeKind.GONE,
    "NOT_FOUND": OutcomeKind.GONE,
    "CONFLICT": OutcomeKind.CONFLICT,
    "RATE_LIMITS": OutcomeKind.FAILED,
    "LOCKED": OutcomeKind.FAILED,
    "INTERNAL_ERROR": OutcomeKind.FAILED,
    "SERVICE_UNAVAILABLE": OutcomeKind.FAILED,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One input of a batch. `id` is the record's, `mark` what its body carries."""

    key: str
    body: Json
    id: str = ""
    mark: str = ""


def next_page(raw: object) -> str:
    """Return where the next page begins; empty if this was the last."""
    return text(part(part(raw, "paging"), "next"), "after")


def cut_rows(rows: Sequence[Row]) -> list[list[Row]]:
    """Return batches in which no record comes twice: HubSpot refuses those whole."""
    batches: list[list[Row]] = []
    ids: list[set[str]] = []
    for row in rows:
        for batch, taken in zip(batches, ids, strict=True):
            if len(batch) < LARGEST and (not row.id or row.id not in taken):
                batch.append(row)
                taken.add(row.id)
                break
        else:
            batches.append([row])
            ids.append({row.id})
    return batches


def to_inputs(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the body of a batch.

    With a trace id of its own each row fails or succeeds alone; without, one bad row
    refuses all of a creation.
    """
    return {
        "inputs": [
            {**row.body, "objectWriteTraceId": str(number)}
            for number, row in enumerate(rows)
        ]
    }


def to_outcomes(
    rows: Sequence[Row], body: Json, *, marked: str = ""
) -> dict[str, Outcome]:
    """Return how each row ended, by key.

    Results come in another order than inputs: they are found by trace id, else by the
    record's id, else by the mark in the property `marked`.
    """
    errors = parts(body, "errors")
    outcomes: dict[str, Outcome] = {}
    for one in parts(body, "results"):
        row = _row_of(rows, one, marked)
        if row is not None:
            outcomes[row.key] = Outcome(OutcomeKind.DONE, text(one, "id"))
    strays = [error for error in errors if not _names_a_row(error)]
    for number, row in enumerate(rows):
        if row.key in outcomes:
            continue
        own = next((one for one in errors if _is_about(one, number, row)), None)
        error = own if own is not None or not strays else strays[0]
        outcomes[row.key] = to_outcome(error)
    return outcomes


def _row_of(rows: Sequence[Row], result: Json, marked: str) -> Row | None:
    trace = text(result, "objectWriteTraceId")
    if trace.isdigit() and int(trace) < len(rows):
        return rows[int(trace)]
    if marked:
        body = text(part(result, "properties"), marked)
        return next((row for row in rows if row.mark and row.mark in body), None)
    record_id = text(result, "id")
    return next((row for row in rows if row.id == record_id), None)


def to_outcome(error: Json | None) -> Outcome:
    """Return the outcome that one entry of `errors` means; None says nothing."""
    if error is None:
        return Outcome(OutcomeKind.UNKNOWN)
    kind = _BY_CATEGORY.get(text(error, "category"), OutcomeKind.REFUSED)
    if "INVALID_ASSOCIATION" in {text(one, "code") for one in parts(error, "errors")}:
        kind = OutcomeKind.GONE
    return Outcome(kind, reason=to_words(error))


def _context(error: Json, name: str) -> list[str]:
    return texts(part(error, "context"), name)


def _names_a_row(error: Json) -> bool:
    return bool(_context(error, "objectWriteTraceId") or _context(error, "ids"))


def _is_about(error: Json, number: int, row: Row) -> bool:
    if traces := _context(error, "objectWriteTraceId"):
        return str(number) in traces
    return bool(row.id) and row.id in _context(error, "ids")


def demand_complete(body: Json) -> None:
    """Raise Transient if some rows of a read failed for another reason than absence.

    What could not be read is not gone: nobody may be blamed for it.
    """
    for error in parts(body, "errors"):
        category = text(error, "category")
        if category not in _ABSENT:
            raise Transient(
                f"HubSpot could not read everything: {to_words(error)}",
                code=category,
            )
