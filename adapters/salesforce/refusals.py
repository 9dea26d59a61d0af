"""What Salesforce's refusals mean, as `adapters.errors` and outcomes. Pure.

Codes: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
and "Core Data Types Used in API Calls". A refused request carries `errorCode`, a
refused row of a collection `statusCode`; a collection answers 200 even so.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from adapters.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.ports import Outcome, OutcomeKind
from adapters.wire import Json, in_short, objects, parts, text

BUSY_PAUSE = timedelta(seconds=45)
"""For requests that run side by side: these end by themselves."""
DAILY_PAUSE = timedelta(minutes=30)
"""The limit is that of a rolling day: looking twice an hour is enough."""
CURSOR_PAUSE = timedelta(minutes=1)
"""A query whose pages are lost is asked again as a whole."""
WRONG_OWNER = frozenset(
    {"INACTIVE_OWNER_OR_USER", "OP_WITH_INVALID_USER_TYPE_EXCEPTION"}
)
"""Somebody who has left, or a queue that is not made for such records."""

_CHANGED = frozenset(
    {
        "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE",
        "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK",
    }
)
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
_UNCLEAR = "UNKNOWN_EXCEPTION"
_CROSS_REFERENCE = "INVALID_CROSS_REFERENCE_KEY"
ROW_LOCKED = "UNABLE_TO_LOCK_ROW"
_LIMIT = "REQUEST_LIMIT_EXCEEDED"
_NO_FIELD = "INVALID_FIELD"
_FIELD_NAMED = re.compile(r"column '([^']+)' on (?:entity|sobject of type) '?(\w+)")
_NO_OBJECT = "INVALID_TYPE"
_OBJECT_NAMED = re.compile(r"sObject type '(\w+)'")
_NO_RIGHT = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
_RIGHT_NAMED = re.compile(r"entity type cannot be (\w+): (\w+)")
"""The same code stands for a trigger that broke: only the words tell a right."""
AUTOMATION = frozenset({_NO_RIGHT, "CANNOT_EXECUTE_FLOW_TRIGGER"})
"""A trigger or a flow of the organisation broke. Once may be chance, such as what else
ran beside it: a second try that breaks as well is for its admin."""
_CURSORS = frozenset(
    {
        "INVALID_QUERY_LOCATOR",
        "QUERY_LOCATOR_EXPIRED",
        "QUERY_LOCATOR_NOT_FOUND",
    }
)
_PASSING = frozenset(
    {
        ROW_LOCKED,
        _LIMIT,
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        "PROCESSING_HALTED",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "SERVER_UNAVAILABLE",
        "TEMPORARY_QUERY_MORE_FAILURE",
        "TOO_MANY_APEX_REQUESTS",
    }
)
_TURNED_AWAY = frozenset({503})
"""Turned away at the door, so surely not applied."""
_PLATFORM = frozenset({409, 420})


def first_error(found: object) -> Json:
    """Return the first error of an answer, in whichever shape; empty if there is none.

    The API sends a list of them, its OAuth endpoints a bare object, a proxy a page.
    """
    if isinstance(found, Mapping):
        return found
    return next(iter(objects(found)), {})


def code_of(error: Json) -> str:
    """Return the code of a refused request or of a refused row."""
    return text(error, "errorCode") or text(error, "statusCode") or text(error, "error")


def to_error(
    status: int,
    error: Json,
    *,
    is_harmless: bool,
    retry_after: timedelta | None = None,
) -> OutsideError:
    """Return what a status other than 2xx means.

    `is_harmless`: the request may be repeated whatever became of it.
    """
    code = code_of(error) or str(status)
    passing = _to_passing(code, to_words(error), retry_after)
    if passing is not None:
        return passing
    if code in _CHANGED or status == 412:  # noqa: PLR2004
        return Conflict("The record has changed since it was read.", code=code)
    if code in _GONE or status == 404:  # noqa: PLR2004
        return NotFound(
            f"Salesforce does not have it, or does not show it to this user:"
            f" {to_words(error)}",
            code=code,
        )
    if status >= 500 or status in _PLATFORM:  # noqa: PLR2004
        is_safe = is_harmless or status in _TURNED_AWAY
        kind = Transient if is_safe else Unanswered
        return kind(
            f"Salesforce is in trouble (status {status}). Slagboom tries again.",
            code=code,
            retry_after=retry_after,
        )
    words = to_words(error)
    return _to_hidden(code, words) or _to_refused(status, code, words)


def _to_hidden(code: str, words: str) -> OutsideError | None:
    """Return the error for what this user may not see or do; None if it is not that."""
    if lack := find_missing_right(code, words):
        return lack
    if code == _NO_FIELD and (named := _FIELD_NAMED.search(words)):
        return Permanent(
            f"Salesforce does not show the field {named[1]} of {named[2]} to this user."
            " Give the permission set of the integration user the right to read it, or"
            " correct the policy's fields.",
            code=code,
        )
    if code == _NO_OBJECT and (named := _OBJECT_NAMED.search(words)):
        return Permanent(
            f"This organization has no {named[1]}, or hides it from this user. Look at"
            " the permission set of the integration user.",
            code=code,
        )
    return None


def _to_refused(status: int, code: str, words: str) -> OutsideError:
    match status:
        case 401:
            return Unauthorized(
                "Salesforce refused the token. Reconnect the organization under"
                " Connections.",
                code=code,
            )
        case 403:
            return Forbidden(
                f"Salesforce does not let this user do that: {words}"
                " Look at the permission set of the integration user.",
                code=code,
            )
        case 410:
            return Permanent(
                "Salesforce has retired this version of its API. Update Slagboom.",
                code=code,
            )
        case _:
            return Permanent(f"Salesforce refused: {words}", code=code)


def _to_passing(
    code: str, words: str, retry_after: timedelta | None
) -> Transient | None:
    """Return the error for what passes by itself; None if it does not.

    A trigger that could not lock a row fails under a code of its own and names the
    cause only in its words.
    """
    if code == _LIMIT:
        # One code for two limits: only the words tell them apart.
        if "concurrent" in words.lower():
            return Transient(
                "Salesforce asks for a pause: too many long requests at once. Slagboom"
                " goes on by itself.",
                code=code,
                retry_after=retry_after or BUSY_PAUSE,
            )
        return Exhausted(
            "The organization's requests of this day are used up. Slagboom looks twice"
            " an hour whether it may go on.",
            code=code,
            retry_after=max(retry_after or DAILY_PAUSE, DAILY_PAUSE),
        )
    if code == ROW_LOCKED or ROW_LOCKED in words:
        return Transient(
            "Somebody else is writing to the record or its account.",
            code=ROW_LOCKED,
            retry_after=retry_after,
        )
    if code in _CURSORS:
        return Transient(
            "Salesforce has put a query aside. Slagboom asks again.",
            code=code,
            retry_after=CURSOR_PAUSE,
        )
    if code in _PASSING:
        return Transient(
            f"Salesforce could not do it just now ({code}). Slagboom tries again.",
            code=code,
            retry_after=retry_after,
        )
    return None


def find_missing_right(code: str, words: str) -> Forbidden | None:
    """Return the error for a right on a whole object, if a refusal says it is missing.

    A row of a collection may say so as well as a request.
    """
    named = _RIGHT_NAMED.search(words) if code == _NO_RIGHT else None
    if named is None:
        return None
    right = f"{'Create' if named[1] == 'inserted' else 'Edit'} on {named[2]}"
    return Forbidden(
        f"This user lacks a right: {right}. Add it to the permission set of the"
        " integration user.",
        code=code,
        missing=(right,),
    )


def to_outcome(row: Json) -> Outcome:
    """Return how one row of a collection ended."""
    errors = parts(row, "errors")
    if row.get("success") is True:
        return Outcome(OutcomeKind.DONE, external_id=text(row, "id"))
    if not errors:
        return Outcome(OutcomeKind.UNKNOWN, reason="no reason given")
    error = errors[0]
    code, words = code_of(error), to_words(error)
    return Outcome(_kind_of(code, words, error), reason=f"{words} ({code})")


def _kind_of(code: str, words: str, error: Json) -> OutcomeKind:
    if _to_passing(code, words, None) is not None:
        return OutcomeKind.FAILED
    if code == _UNCLEAR:
        return OutcomeKind.UNKNOWN
    if code in _CHANGED:
        return OutcomeKind.CONFLICT
    # With fields it speaks of another record that this one should refer to.
    if code in _GONE or (code == _CROSS_REFERENCE and not error.get("fields")):
        return OutcomeKind.GONE
    return OutcomeKind.REFUSED


def outcome_of(error: OutsideError) -> Outcome:
    """Return how a write of a single row ended that raised this."""
    match error:
        case Unanswered():
            kind = OutcomeKind.UNKNOWN
        case Transient() | Unauthorized():
            kind = OutcomeKind.FAILED
        case Conflict():
            kind = OutcomeKind.CONFLICT
        case NotFound():
            kind = OutcomeKind.GONE
        case _:
            kind = OutcomeKind.REFUSED
    return Outcome.of(kind, error)


def to_words(error: Json) -> str:
    """Return Salesforce's own words for a refusal, short."""
    words = text(error, "message") or text(error, "error_description")
    return in_short(words)
