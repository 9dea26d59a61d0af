"""Setting fields of records, each only if nobody has touched it since it was read.

Salesforce takes that condition for single rows alone, so each record is a request of
its own, many side by side:
developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
intro_rest_conditional_requests.htm
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from adapters.batching import cut
from adapters.errors import (
    Exhausted,
    Forbidden,
    OutsideError,
    Permanent,
    Transient,
    Unauthorized,
)
from adapters.ports import FieldWrite, Outcome, OutcomeKind
from adapters.salesforce import mapping
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.crm.reading import find_id
from adapters.salesforce.crm.shape import Shape
from adapters.salesforce.kinds import OPPORTUNITIES
from adapters.salesforce.queries import IDS, is_in, select
from adapters.salesforce.refusals import AUTOMATION, ROW_LOCKED, outcome_of
from adapters.salesforce.sending import PARALLEL
from adapters.wire import Json, text
from rules.model import FieldMap, RecordRef

_AMOUNT = "Amount"
_SUM = (
    "Its amount is the sum of its products, and Salesforce ignores another one. Change"
    " the products."
)


@dataclass(frozen=True, slots=True)
class _Patch:
    """What is set on one record, for the writes of these keys."""

    keys: tuple[str, ...]
    name: str
    record_id: str
    read_at: datetime
    values: Json


class Writing:
    """Sets fields of records."""

    def __init__(self, client: SalesforceClient, shape: Shape) -> None:
        """Write with one, and know from the other what fields hold."""
        self._client = client
        self._shape = shape

    def write(
        self, writes: Sequence[FieldWrite], fields: FieldMap
    ) -> dict[str, Outcome]:
        """Set fields, and say by key how each write ended.

        Raises Unauthorized, or Forbidden for an object that may not be written at all,
        if that alone kept everything from being set.
        """
        outcomes: dict[str, Outcome] = {}
        patches: dict[RecordRef, _Patch] = {}
        for one in writes:
            ref = one.expected.ref
            record_id = find_id(ref)
            if record_id is None:
                outcomes[one.key] = Outcome(OutcomeKind.GONE, reason="no such record")
                continue
            try:
                values = self._to_wire(one, fields)
            except KeyError as error:
                reason = f"the policy's fields have no {error}"
                outcomes[one.key] = Outcome(OutcomeKind.REFUSED, reason=reason)
                continue
            earlier = patches.get(ref)
            patches[ref] = _Patch(
                keys=(*(earlier.keys if earlier else ()), one.key),
                name=self._shape.type_of(ref.kind).name,
                record_id=record_id,
                read_at=one.expected.modified_at,
                # Two writes go as one: the second would meet the change of the first.
                values={**(earlier.values if earlier else {}), **values},
            )
        outcomes |= self._leave_sums(patches)
        return outcomes | self._send(list(patches.values()))

    def _leave_sums(self, patches: dict[RecordRef, _Patch]) -> dict[str, Outcome]:
        """Take out the patches of amounts that are sums, and say how they ended.

        The amount of an opportunity with products is theirs. Salesforce takes another
        one and ignores it without a word, see "Opportunity" in the Object Reference.
        """
        priced = {
            one.record_id: ref
            for ref, one in patches.items()
            if one.name == OPPORTUNITIES.name and _AMOUNT in one.values
        }
        asked = [
            select(
                ["Id"],
                OPPORTUNITIES.name,
                f"{is_in('Id', piece)} AND HasOpportunityLineItem = true",
            )
            for piece in cut(list(priced), IDS)
        ]
        left = [
            patches.pop(priced[text(row, "Id")])
            for rows in self._client.rows_of(asked)
            for row in rows
        ]
        return {
            key: Outcome(OutcomeKind.REFUSED, reason=_SUM)
            for one in left
            for key in one.keys
        }

    def _to_wire(self, write: FieldWrite, fields: FieldMap) -> Json:
        about = self._shape.type_of(write.expected.ref.kind)
        types = self._shape.for_fields(about, fields).types
        return mapping.to_wire_fields(write.values, about, fields, types)

    def _send(self, patches: Sequence[_Patch]) -> dict[str, Outcome]:
        if not patches:
            return {}
        trouble: list[OutsideError] = []

        def patch(one: _Patch) -> OutsideError | None:
            if not one.values:
                return None
            if trouble:
                return _left_out(trouble[0])
            try:
                self._set(one)
            except OutsideError as error:
                if _is_general(error) or _is_passing(error):
                    trouble.append(error)
                return error
            return None

        with ThreadPoolExecutor(min(PARALLEL, len(patches))) as threads:
            errors = list(threads.map(patch, patches))
        general = [one for one in errors if one is not None and _is_general(one)]
        if len(general) == len(errors):
            raise general[0]
        return {
            key: _to_outcome(one, error)
            for one, error in zip(patches, errors, strict=True)
            for key in one.keys
        }

    def _set(self, one: _Patch) -> None:
        def patch() -> None:
            self._client.set(
                one.name,
                one.record_id,
                one.values,
                unless_since=to_http_date(one.read_at),
            )

        try:
            patch()
        except Permanent as error:
            if isinstance(error, Forbidden) or error.code not in AUTOMATION:
                raise
            patch()


def to_http_date(at: datetime) -> str:
    """Return an instant as `If-Unmodified-Since` takes it.

    It is the record's own stamp. The moment of reading would be later, and let pass
    what was changed between the two; the stamp lets pass only what was changed in its
    very second, and a record that was read within that second is read again before
    it is written (`Reading.trace`).
    """
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _is_general(error: OutsideError) -> bool:
    """Return whether this keeps every record from being written until it is righted."""
    return isinstance(error, Unauthorized) or (
        isinstance(error, Forbidden) and bool(error.missing)
    )


def _is_passing(error: OutsideError) -> bool:
    """Return whether the other records would fare alike just now.

    Waiting for each of hundreds to go wrong by itself would take minutes.
    """
    return isinstance(error, Transient) and error.code != ROW_LOCKED


def _left_out(trouble: OutsideError) -> OutsideError:
    """Return how a write ends that was not tried, since another met with trouble."""
    if _is_general(trouble) or isinstance(trouble, Exhausted):
        return trouble
    return Transient(
        "Not tried, since another request met with trouble.",
        retry_after=trouble.retry_after if isinstance(trouble, Transient) else None,
    )


def _to_outcome(patch: _Patch, error: OutsideError | None) -> Outcome:
    if error is None:
        return Outcome(OutcomeKind.DONE, patch.record_id)
    return outcome_of(error)
