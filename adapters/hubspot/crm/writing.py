"""Writing in batches: nothing is sent twice unless it surely did not arrive."""

from collections.abc import Sequence

from adapters.errors import (
    Conflict,
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.hubspot import mapping
from adapters.hubspot.batches import Row, cut_rows, to_inputs, to_outcomes
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.paths import Paths
from adapters.ports import FieldWrite, Outcome, OutcomeKind
from rules.model import FieldMap, Kind

_MOST_SPLITS = 16
"""So often one batch is cut in two to find the rows for which it was refused whole."""


class Writing:
    """Sets properties of records."""

    def __init__(self, client: HubSpotClient, paths: Paths, shape: Shape) -> None:
        """Write with this client."""
        self._client = client
        self._paths = paths
        self._shape = shape

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> dict[str, Outcome]:
        """Set fields, and say by key how each write ended."""
        by_kind: dict[Kind, list[FieldWrite]] = {}
        for one in writes:
            by_kind.setdefault(one.expected.ref.kind, []).append(one)
        outcomes: dict[str, Outcome] = {}
        for kind, own in by_kind.items():
            about = self._shape.type_of(kind)
            types = self._shape.types(about, fields)
            rows: list[Row] = []
            for one in own:
                try:
                    properties = mapping.to_wire_properties(
                        one.values, about, fields, types
                    )
                except KeyError as error:
                    reason = f"the policy's fields have no {error}"
                    outcomes[one.key] = Outcome(OutcomeKind.REFUSED, reason=reason)
                    continue
                if properties:
                    record_id = one.expected.ref.id
                    body = {"id": record_id, "properties": properties}
                    rows.append(Row(one.key, body, id=record_id))
                else:
                    outcomes[one.key] = Outcome(OutcomeKind.DONE, one.expected.ref.id)
            path = self._paths.objects(about.name, "batch/update")
            outcomes |= self.send(path, rows)
        return outcomes

    def send(
        self, path: str, rows: Sequence[Row], *, marked: str = ""
    ) -> dict[str, Outcome]:
        """Send rows in batches, and say by key how each ended.

        Raises Unauthorized or Forbidden if the very first batch meets with it; later
        ones must not hide what became of the first.
        """
        outcomes: dict[str, Outcome] = {}
        for batch in cut_rows(rows):
            outcomes |= self._send_batch(
                path, batch, marked=marked, is_first=not outcomes
            )
        return outcomes

    def _send_batch(
        self, path: str, batch: Sequence[Row], *, marked: str, is_first: bool
    ) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        waiting: list[Sequence[Row]] = [batch]
        splits = 0
        while waiting:
            rows = waiting.pop()
            try:
                answer = self._client.change(path, to_inputs(rows))
            except Unanswered as error:
                outcomes |= _all(rows, OutcomeKind.UNKNOWN, error)
            except Transient as error:
                outcomes |= _all(rows, OutcomeKind.FAILED, error)
            except (Unauthorized, Forbidden) as error:
                if is_first and not outcomes:
                    raise
                outcomes |= _all(rows, OutcomeKind.FAILED, error)
            except Permanent as error:
                if len(rows) == 1 or splits >= _MOST_SPLITS:
                    outcomes |= _all(rows, _refusal(error), error)
                    continue
                splits += 1
                half = len(rows) // 2
                waiting += [rows[half:], rows[:half]]
            else:
                outcomes |= to_outcomes(rows, answer.body, marked=marked)
        return outcomes


def _refusal(error: Permanent) -> OutcomeKind:
    match error:
        case Conflict():
            return OutcomeKind.CONFLICT
        case NotFound() if error.code == "OBJECT_NOT_FOUND":
            return OutcomeKind.GONE
        case _:
            return OutcomeKind.REFUSED


def _all(
    rows: Sequence[Row], kind: OutcomeKind, error: OutsideError
) -> dict[str, Outcome]:
    outcome = Outcome.of(kind, error)
    return {row.key: outcome for row in rows}
