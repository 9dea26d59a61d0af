from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from adapters.ports import OutcomeKind
from adapters.salesforce.refusals import (
    first_error,
    outcome_of,
    to_error,
    to_outcome,
)


def error(
    status: int, code: str = "", message: str = "", *, is_harmless: bool = True
) -> OutsideError:
    raw = [{"errorCode": code, "message": message}] if code else []
    return to_error(status, first_error(raw), is_harmless=is_harmless)


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Unauthorized),
        (403, "API_DISABLED_FOR_ORG", "not enabled", Forbidden),
        (403, "INSUFFICIENT_ACCESS", "no access", Forbidden),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Exhausted),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrg exceeded.", Transient),
        (400, "QUERY_LOCATOR_EXPIRED", "invalid query locator", Transient),
        (
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "entity type cannot be updated: Opportunity",
            Forbidden,
        ),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", Transient),
        (
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "Trigger: System.DmlException: UNABLE_TO_LOCK_ROW",
            Transient,
        ),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trigger: null", Permanent),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not so fast", Permanent),
        (400, "ENTITY_IS_LOCKED", "in approval", Permanent),
        (404, "NOT_FOUND", "does not exist", NotFound),
        (404, "ENTITY_IS_DELETED", "entity is deleted", NotFound),
        (412, "", "", Conflict),
        (400, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE", "", Conflict),
        (410, "UNSUPPORTED_API_VERSION", "", Permanent),
        (428, "", "", Permanent),
        (503, "SERVER_UNAVAILABLE", "", Transient),
        (500, "", "", Transient),
        (409, "", "", Transient),
        (420, "", "", Transient),
        (400, "QUERY_LOCATOR_NOT_FOUND", "", Transient),
        (400, "TEMPORARY_QUERY_MORE_FAILURE", "", Transient),
        (400, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "", Transient),
        (400, "TOO_MANY_APEX_REQUESTS", "", Transient),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int, code: str, message: str, kind: type[OutsideError]
):
    assert type(error(status, code, message)) is kind


def test_a_field_that_is_hidden_is_named_with_the_remedy():
    found = error(400, "INVALID_FIELD", "No such column 'Amount' on entity 'Lead'. If")
    assert "Amount of Lead" in str(found)
    assert "permission set" in str(found)


def test_an_object_that_is_hidden_is_named_with_the_remedy():
    found = error(400, "INVALID_TYPE", "sObject type 'Event' is not supported. If you")
    assert "no Event" in str(found)
    assert "permission set" in str(found)


def test_a_right_that_is_missing_is_named():
    found = error(
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Task",
    )
    assert isinstance(found, Forbidden)
    assert found.missing == ("Create on Task",)


def test_a_lock_that_a_trigger_met_is_known_by_its_words():
    found = error(400, "CANNOT_EXECUTE_FLOW_TRIGGER", "… UNABLE_TO_LOCK_ROW …")
    assert found.code == "UNABLE_TO_LOCK_ROW"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (500, "UNKNOWN_EXCEPTION", Unanswered),
        (502, "", Unanswered),
        (503, "", Transient),
        (400, "UNABLE_TO_LOCK_ROW", Transient),
    ],
)
def test_what_may_have_been_applied_is_not_simply_repeated(
    status: int, code: str, kind: type[OutsideError]
):
    assert type(error(status, code, is_harmless=False)) is kind


def test_two_limits_with_one_code_are_told_apart_by_their_words():
    code = "REQUEST_LIMIT_EXCEEDED"
    many = error(403, code, "ConcurrentPerOrgLongTxn Limit exceeded.")
    daily = error(403, code, "TotalRequests Limit exceeded.")
    assert isinstance(many, Transient)
    assert isinstance(daily, Transient)
    assert many.retry_after == timedelta(seconds=45)
    assert daily.retry_after == timedelta(minutes=30)


def row(code: str, message: str = "no", fields: list[str] | None = None) -> Any:
    told = {"statusCode": code, "message": message, "fields": fields or []}
    return {"success": False, "errors": [told]}


@pytest.mark.parametrize(
    ("given_row", "kind"),
    [
        ({"id": "006000000000001AAA", "success": True, "errors": []}, OutcomeKind.DONE),
        (row("FIELD_CUSTOM_VALIDATION_EXCEPTION"), OutcomeKind.REFUSED),
        (row("REQUIRED_FIELD_MISSING", fields=["CloseDate"]), OutcomeKind.REFUSED),
        (row("DUPLICATES_DETECTED"), OutcomeKind.REFUSED),
        (row("ENTITY_IS_LOCKED"), OutcomeKind.REFUSED),
        (row("INACTIVE_OWNER_OR_USER"), OutcomeKind.REFUSED),
        (row("UNABLE_TO_LOCK_ROW"), OutcomeKind.FAILED),
        (row("ALL_OR_NONE_OPERATION_ROLLED_BACK"), OutcomeKind.FAILED),
        (row("PROCESSING_HALTED"), OutcomeKind.FAILED),
        (row("TOO_MANY_APEX_REQUESTS"), OutcomeKind.FAILED),
        (row("ENTITY_IS_DELETED"), OutcomeKind.GONE),
        (row("INVALID_CROSS_REFERENCE_KEY"), OutcomeKind.GONE),
        (row("INVALID_CROSS_REFERENCE_KEY", fields=["OwnerId"]), OutcomeKind.REFUSED),
        (row("ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"), OutcomeKind.CONFLICT),
        (row("UNKNOWN_EXCEPTION"), OutcomeKind.UNKNOWN),
        ({"success": False, "errors": []}, OutcomeKind.UNKNOWN),
        ({}, OutcomeKind.UNKNOWN),
    ],
)
def test_a_row_of_a_collection_says_how_it_ended(given_row: Any, kind: OutcomeKind):
    assert to_outcome(given_row).kind is kind


def test_the_admin_reads_salesforces_own_words():
    outcome = to_outcome(row("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Add a close plan"))
    assert outcome.reason == "Add a close plan (FIELD_CUSTOM_VALIDATION_EXCEPTION)"
    assert len(to_outcome(row("X", "long " * 200)).reason) < 320


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (Unanswered("x"), OutcomeKind.UNKNOWN),
        (Transient("x"), OutcomeKind.FAILED),
        (Unauthorized("x"), OutcomeKind.FAILED),
        (Forbidden("x"), OutcomeKind.REFUSED),
        (Conflict("x"), OutcomeKind.CONFLICT),
        (NotFound("x"), OutcomeKind.GONE),
        (Permanent("x"), OutcomeKind.REFUSED),
    ],
)
def test_a_write_of_a_single_row_ends_alike(raised: OutsideError, kind: OutcomeKind):
    assert outcome_of(raised).kind is kind


@given(st.text(max_size=60) | st.sampled_from([[[]], [1], None, {}, [{}], [None]]))
def test_no_body_breaks_anything(body: object):
    assert to_error(400, first_error(body), is_harmless=False)
