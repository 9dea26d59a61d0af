"""Asking a CRM to do something, and what to make of its failures."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.errors import Exhausted, OutsideError, Transient, Unanswered
from adapters.ports import FieldWrite, Note, Outcome, OutcomeKind, Task
from connector.errors import KeyMissing
from connector.log import get_logger
from connector.metrics import Counter, Metrics
from connector.store import Transaction
from connector.store.connections import Connection
from connector.store.interventions import InterventionState
from rules.model import RecordRef

Made = TypeVar("Made", Note, Task)
Asked = TypeVar("Asked", FieldWrite, Note, Task)

Failure = OutsideError | KeyMissing
"""Why an account cannot be worked with."""

LONGEST_WAIT = timedelta(minutes=5)
ADMIN_WAIT = timedelta(minutes=1)

REFUSES = "crm_refuses"
"""The notice that a CRM refuses to work with us until the admin does something."""

EXHAUSTED = "crm_exhausted"
"""The notice that a CRM takes no more for hours."""

ENDINGS: Mapping[OutcomeKind, InterventionState] = {
    OutcomeKind.DONE: InterventionState.DONE,
    OutcomeKind.REFUSED: InterventionState.REFUSED,
    # Nothing more is to be done about a record that is gone or has moved on.
    OutcomeKind.GONE: InterventionState.SUPERSEDED,
    OutcomeKind.CONFLICT: InterventionState.SUPERSEDED,
}
"""How an intervention ends by its outcome; what is not here has not ended yet."""

log = get_logger(__name__)


def ask(
    send: Callable[[Sequence[Asked]], Mapping[str, Outcome]],
    batch: Mapping[str, Asked],
) -> dict[str, Outcome]:
    """Send a batch, and return by key how each of it ended. Raises nothing."""
    if not batch:
        return {}
    try:
        outcomes = send(list(batch.values()))
    except Unanswered as error:
        return dict.fromkeys(batch, Outcome(OutcomeKind.UNKNOWN, reason=str(error)))
    except OutsideError as error:
        return dict.fromkeys(batch, _failed(error))
    return {
        key: outcomes.get(key, Outcome(OutcomeKind.UNKNOWN, reason="no answer for it"))
        for key in batch
    }


def create(
    batch: Mapping[str, Made],
    *,
    doubtful: Mapping[str, RecordRef],
    find: Callable[[Mapping[str, RecordRef]], Mapping[str, str]],
    send: Callable[[Sequence[Made]], Mapping[str, Outcome]],
) -> dict[str, Outcome]:
    """Make notes or tasks, and return by key how each ended. Raises nothing.

    Those of `doubtful` may have been made already, and are looked for first.
    """
    outcomes: dict[str, Outcome] = {}
    if doubtful:
        try:
            found = find(doubtful)
        except OutsideError as error:
            # Not knowing whether they are there, we must not make them again.
            outcomes.update(dict.fromkeys(doubtful, _not_yet(error)))
        else:
            outcomes.update(
                (key, Outcome(OutcomeKind.DONE, external_id))
                for key, external_id in found.items()
            )
    rest = {key: one for key, one in batch.items() if key not in outcomes}
    return {**outcomes, **ask(send, rest)}


def wait_after(attempts: int, error: Failure | None = None) -> timedelta:
    """Return how long to wait after so many failed attempts, the last with `error`.

    What an admin has to put right is not asked again every other second; putting it
    right wakes what waits.
    """
    if error is not None and not isinstance(error, Transient):
        return ADMIN_WAIT
    wait = min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_WAIT)
    if isinstance(error, Transient) and error.retry_after is not None:
        return max(wait, error.retry_after)
    return wait


def note_failure(
    tx: Transaction,
    metrics: Metrics,
    connection: Connection,
    error: Failure,
    now: datetime,
) -> None:
    """Count and log that a CRM could not be worked with; tell what will not pass."""
    metrics.count(Counter.CRM_FAILURES, kind=type(error).__name__)
    log.warning("crm.failed", connection=connection.name, error=str(error))
    if isinstance(error, Exhausted):
        tell_exhausted(tx, connection, str(error), now)
    if not isinstance(error, Transient):
        tx.notices.tell(
            f"crm/{connection.id}",
            code=REFUSES,
            message=f"{connection.name}: {error}",
            connection_id=connection.id,
            now=now,
        )


def to_missed(connection_id: int) -> str:
    """Return the key of the notice that changes were missed, until the next sweep."""
    return f"missed/{connection_id}"


def tell_exhausted(
    tx: Transaction, connection: Connection, reason: str, now: datetime
) -> None:
    """Tell that an account allows no more for hours: somebody may be using it up."""
    tx.notices.tell(
        _exhausted(connection.id),
        code=EXHAUSTED,
        message=f"{connection.name}: {reason}",
        connection_id=connection.id,
        now=now,
    )


def note_recovery(tx: Transaction, connection_id: int, now: datetime) -> None:
    """Take back that an account allows no more: it took something."""
    tx.notices.resolve(_exhausted(connection_id), now=now)


def note_answer(tx: Transaction, connection_id: int, now: datetime) -> None:
    """Take it back as well if it answered, and nothing waits to be written there.

    An account may go on answering long before it takes anything again.
    """
    if tx.notices.stands(_exhausted(connection_id)) and not (
        tx.interventions.is_any_planned(connection_id)
    ):
        note_recovery(tx, connection_id, now)


def _exhausted(connection_id: int) -> str:
    return f"exhausted/{connection_id}"


def _failed(error: OutsideError) -> Outcome:
    if isinstance(error, Transient):
        return _not_yet(error)
    return Outcome(OutcomeKind.REFUSED, reason=str(error))


def _not_yet(error: OutsideError) -> Outcome:
    return Outcome.of(OutcomeKind.FAILED, error)
