from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hubspot import mapping
from adapters.hubspot.batches import Row, cut_rows, to_outcomes
from adapters.hubspot.kinds import CONTACTS, DEALS, FOLLOWS_THE_STAGE, SHARES
from adapters.hubspot.refusals import to_error
from adapters.hubspot.values import to_instant, to_value, to_wire
from adapters.marks import find_marks, to_mark, with_mark
from adapters.ports import OutcomeKind
from rules.model import (
    PROBABILITY,
    FieldName,
    FieldType,
    Kind,
    PropertyName,
    Value,
)
from tests.hubspot.kit import FIELDS, ref

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", FieldType.TEXT, None),
        (None, FieldType.NUMBER, None),
        ("1200.50", FieldType.NUMBER, 1200.5),
        ("NaN", FieldType.NUMBER, None),
        ("many", FieldType.NUMBER, None),
        ("true", FieldType.BOOLEAN, True),
        ("perhaps", FieldType.BOOLEAN, None),
        ("2026-12-01", FieldType.DATE, date(2026, 12, 1)),
        ("2026-12-01T12:00:00Z", FieldType.INSTANT, NOON),
        ("2026-12-01T13:00:00.000+01:00", FieldType.INSTANT, NOON),
        ("1796126400000", FieldType.INSTANT, NOON),
        ("9" * 30, FieldType.INSTANT, None),
        ("soon", FieldType.INSTANT, None),
        ("n.v.t.", FieldType.TEXT, "n.v.t."),
    ],
)
def test_a_text_becomes_the_value_that_its_property_holds(
    text: str | None, kind: FieldType, value: Value
):
    assert to_value(text, kind) == value


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, None, ""),
        (True, FieldType.BOOLEAN, "true"),
        (1200.0, FieldType.NUMBER, "1200"),
        (0.1, FieldType.NUMBER, "0.1"),
        (NOON, FieldType.INSTANT, "1796126400000"),
        (NOON, FieldType.DATE, "2026-12-01"),
        (date(2026, 12, 1), FieldType.DATE, "2026-12-01"),
        (date(2026, 12, 1), FieldType.INSTANT, "1796083200000"),
        ("x", None, "x"),
    ],
)
def test_a_value_becomes_the_text_that_its_property_takes(
    value: Value, kind: FieldType | None, text: str
):
    assert to_wire(value, kind) == text


@pytest.mark.parametrize(
    ("share", "percent"),
    [("0.2", 20.0), ("0.07", 7.0), ("1", 100.0), ("0", 0.0), ("", None), ("x", None)],
)
def test_a_probability_is_told_in_percent(share: str, percent: float | None):
    probability = PropertyName("hs_deal_stage_probability")
    own = PropertyName("my_share")
    record = mapping.to_record(
        {"id": "1", "properties": {probability: share, own: share}},
        ref(1),
        DEALS,
        fields={PROBABILITY: probability, FieldName("share"): own},
        types={probability: FieldType.NUMBER, own: FieldType.NUMBER},
        portal_id="1",
    )
    assert record.fields[PROBABILITY] == percent
    assert record.fields[FieldName("share")] == to_value(share, FieldType.NUMBER)


def test_no_probability_is_written_for_it_follows_the_stage():
    assert SHARES <= FOLLOWS_THE_STAGE


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_both_ways(number: float):
    assert to_value(to_wire(number), FieldType.NUMBER) == number


@given(st.integers(-(2**40), 2**42))
def test_a_moment_survives_both_ways(ms: int):
    at = to_instant(str(ms))
    assert at is not None
    assert to_wire(at, FieldType.INSTANT) == str(ms)


@given(st.text(), st.text())
def test_a_key_is_found_in_any_text(html: str, key: str):
    assert to_mark(key) in find_marks(with_mark(html, key))


@given(st.text(min_size=1), st.text(min_size=1))
def test_another_key_is_not_found(key: str, other: str):
    found = find_marks(with_mark("<p>x</p>", key))
    assert (to_mark(other) in found) is (key == other)


def test_a_record_without_anything_is_still_a_record():
    found = mapping.to_record({}, ref(5), DEALS, fields=FIELDS, types={}, portal_id="1")
    assert found.name == "deal 5"
    assert found.stage is None
    assert set(found.fields) == set(FIELDS)
    assert found.created_at.tzinfo is not None


@pytest.mark.parametrize(
    ("first", "last", "email", "name"),
    [
        ("Jo", "Bos", "j@example.com", "Jo Bos"),
        ("", "Bos", "j@example.com", "Bos"),
        (None, None, "j@example.com", "j@example.com"),
        (None, None, None, "contact 5"),
    ],
)
def test_a_contact_is_called_by_its_name_else_by_its_address(
    first: str | None, last: str | None, email: str | None, name: str
):
    raw = {"properties": {"firstname": first, "lastname": last, "email": email}}
    found = mapping.to_record(
        raw, ref(5, Kind.CONTACT), CONTACTS, fields={}, types={}, portal_id="1"
    )
    assert found.name == name


def test_a_stage_that_was_set_twice_was_entered_once():
    def version(value: str, minute: int) -> dict[str, str]:
        moment = f"2026-12-01T12:{minute:02d}:00Z"
        return {"value": value, "timestamp": moment, "sourceType": "CRM_UI"}

    raw = {
        "propertiesWithHistory": {
            "dealstage": [
                version("b", 4),
                version("b", 3),
                version("", 2),
                version("a", 1),
            ]
        }
    }
    record = mapping.to_record(raw, ref(5), DEALS, fields={}, types={}, portal_id="1")
    path = mapping.to_traced(raw, record, DEALS, None).path
    assert [(one.stage, one.entered_at.minute) for one in path] == [("a", 1), ("b", 3)]


def rows(*ids: str) -> list[Row]:
    return [Row(f"k{one}", {"id": one}, id=one, mark=to_mark(one)) for one in ids]


def kinds(body: dict[str, object], *ids: str, marked: str = "") -> list[OutcomeKind]:
    outcomes = to_outcomes(rows(*ids), body, marked=marked)
    return [outcomes[f"k{one}"].kind for one in ids]


def test_results_are_found_in_any_order_by_trace_id_or_mark():
    traced = {
        "results": [
            {"id": "22", "objectWriteTraceId": "1"},
            {"id": "11", "objectWriteTraceId": "0"},
        ]
    }
    outcomes = to_outcomes(rows("1", "2"), traced)
    assert [outcomes[key].external_id for key in ("k1", "k2")] == ["11", "22"]
    marked = {
        "results": [
            {"id": "22", "properties": {"body": with_mark("x", "2")}},
            {"id": "11", "properties": {"body": with_mark("x", "1")}},
        ]
    }
    outcomes = to_outcomes(rows("1", "2"), marked, marked="body")
    assert [outcomes[key].external_id for key in ("k1", "k2")] == ["11", "22"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, OutcomeKind.UNKNOWN),
        ({"results": []}, OutcomeKind.UNKNOWN),
        ({"results": [{"id": "1"}]}, OutcomeKind.DONE),
        ({"errors": [{}]}, OutcomeKind.REFUSED),
        ({"errors": [{"category": "OBJECT_NOT_FOUND"}]}, OutcomeKind.GONE),
        ({"errors": [{"context": {"ids": ["1"]}}]}, OutcomeKind.REFUSED),
        ({"errors": [{"context": {"ids": ["9"]}}]}, OutcomeKind.UNKNOWN),
        ({"errors": [{"context": {"ids": "1"}}]}, OutcomeKind.REFUSED),
        (
            {"errors": [{"context": {"objectWriteTraceId": ["0"]}}]},
            OutcomeKind.REFUSED,
        ),
        ({"errors": [{"category": "LOCKED"}]}, OutcomeKind.FAILED),
        ({"errors": ["x"]}, OutcomeKind.UNKNOWN),
        ({"errors": [{"errors": ["x"], "context": None}]}, OutcomeKind.REFUSED),
    ],
)
def test_a_row_ends_as_its_error_says_however_little_that_is(
    body: dict[str, object], expected: OutcomeKind
):
    assert kinds(body, "1") == [expected]


def test_no_record_comes_twice_in_a_batch_and_none_is_lost():
    wanted = rows(*[str(number % 90) for number in range(250)])
    batches = cut_rows(wanted)
    assert sum(len(batch) for batch in batches) == 250
    for batch in batches:
        assert len(batch) <= 100
        assert len({row.id for row in batch}) == len(batch)
    assert [len(batch) for batch in cut_rows(rows(*map(str, range(300))))] == [100] * 3


def test_notes_without_an_id_of_their_own_fill_their_batches():
    loose = [Row(str(number), {}) for number in range(250)]
    assert [len(batch) for batch in cut_rows(loose)] == [100, 100, 50]


@given(
    st.integers(300, 599),
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["message", "errors", "category", "context", "policyName", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
)
def test_whatever_a_refusal_holds_it_becomes_an_error(status: int, body: object):
    found = body if isinstance(body, dict) else {}
    assert str(to_error(status, found, retry_after=None, is_harmless=False))
