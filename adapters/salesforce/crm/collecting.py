"""Making records 200 at a time, and telling how each of them ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from adapters.batching import cut
from adapters.errors import (
    Forbidden,
    OutsideError,
    Unauthorized,
)
from adapters.ports import Outcome, OutcomeKind
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.kinds import OWNER_FIELD
from adapters.salesforce.refusals import (
    AUTOMATION,
    WRONG_OWNER,
    code_of,
    find_missing_right,
    outcome_of,
    to_outcome,
    to_words,
)
from adapters.wire import Json, parts

LARGEST = 200
_ABSENT = frozenset(
    {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record to be made on another, to which the field `on` refers."""

    key: str
    body: Json
    on: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went. `is_about_owner`: refused for the person whom it should be for.

    `is_of_automation`: the organisation's own automation broke.
    """

    outcome: Outcome
    is_about_owner: bool = False
    is_of_automation: bool = False


class Collecting:
    """Makes records in batches."""

    def __init__(self, client: SalesforceClient) -> None:
        """Make them with this client."""
        self._client = client

    def create(self, rows: Sequence[Row]) -> dict[str, Ended]:
        """Make records, and say by key how each ended.

        What broke by the organisation's own automation is tried once more. Raises
        Unauthorized or Forbidden if the very first batch meets with it; later ones must
        not hide what became of the first.
        """
        ended = self._create(rows)
        again = [row for row in rows if ended[row.key].is_of_automation]
        return ended | self._create(again, begun=ended)

    def _create(
        self, rows: Sequence[Row], *, begun: Mapping[str, Ended] = MappingProxyType({})
    ) -> dict[str, Ended]:
        ended: dict[str, Ended] = {}
        for batch in cut(rows, LARGEST):
            try:
                results = self._client.create([row.body for row in batch])
                ended |= _to_ended(batch, results)
            except (Unauthorized, Forbidden) as error:
                if not (ended or begun):
                    raise
                ended |= _all(
                    batch, replace(outcome_of(error), kind=OutcomeKind.FAILED)
                )
            except OutsideError as error:
                ended |= _all(batch, outcome_of(error))
        return ended


def _to_ended(batch: Sequence[Row], results: Sequence[Json]) -> dict[str, Ended]:
    """Return how the rows of an answered batch went; results come in their order.

    Raises Forbidden if none may be made at all.
    """
    if len(results) != len(batch):
        reason = "Salesforce did not say how each record went."
        return {
            row.key: Ended(Outcome(OutcomeKind.UNKNOWN, reason=reason)) for row in batch
        }
    ended = {}
    for row, result in zip(batch, results, strict=True):
        error = next(iter(parts(result, "errors")), {})
        code, words = code_of(error), to_words(error)
        if lack := find_missing_right(code, words):
            raise lack
        outcome = to_outcome(result)
        if code in _ABSENT and error.get("fields") == [row.on]:
            outcome = Outcome(OutcomeKind.GONE, reason=outcome.reason)
        about_owner = code in WRONG_OWNER or error.get("fields") == [OWNER_FIELD]
        ended[row.key] = Ended(outcome, about_owner, code in AUTOMATION)
    return ended


def _all(rows: Sequence[Row], outcome: Outcome) -> dict[str, Ended]:
    return {row.key: Ended(outcome) for row in rows}
