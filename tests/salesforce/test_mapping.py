from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ports import Passage, Traced
from adapters.salesforce import mapping
from adapters.salesforce.kinds import CONTACTS, LEADS, MASTER_RECORD_TYPE, OPPORTUNITIES
from adapters.salesforce.values import to_instant, to_value, to_wire
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    OWNER,
    PIPELINE,
    PROBABILITY,
    STAGE,
    Actor,
    ActorClass,
    FieldName,
    FieldType,
    Kind,
    PropertyName,
    Record,
    StageId,
)
from tests.salesforce.messages import LEAD, OPPORTUNITY, REP, ROBOT

CREATOR = Actor(ActorClass.PERSON, "Marit Manager", ROBOT)
SITE = "https://acme.my.salesforce.com"
FIELDS = {
    AMOUNT: PropertyName("Amount"),
    CLOSE_DATE: PropertyName("CloseDate"),
    PROBABILITY: PropertyName("Probability"),
    FORECAST_CATEGORY: PropertyName("ForecastCategoryName"),
    FieldName("is_key"): PropertyName("Is_Key__c"),
    FieldName("met_at"): PropertyName("Met_At__c"),
}
TYPES = {
    PropertyName("Amount"): FieldType.NUMBER,
    PropertyName("CloseDate"): FieldType.DATE,
    PropertyName("Probability"): FieldType.NUMBER,
    PropertyName("Is_Key__c"): FieldType.BOOLEAN,
    PropertyName("Met_At__c"): FieldType.INSTANT,
}
ROW = {
    "attributes": {"type": "Opportunity", "url": f"/services/…/{OPPORTUNITY}"},
    "Id": OPPORTUNITY,
    "Name": "Größe & Co",
    "StageName": "Negotiation/Review",
    "OwnerId": REP,
    "RecordTypeId": "012000000000001AAA",
    "CreatedDate": "2026-11-01T08:00:00.000+0000",
    "SystemModstamp": "2026-11-20T09:15:02.000+0000",
    "Amount": 125000.5,
    "CloseDate": "2026-12-24",
    "Probability": 90.0,
    "ForecastCategoryName": "Commit",
    "Is_Key__c": False,
    "Met_At__c": "2026-11-19T13:00:00.000Z",
}


def record(row: dict[str, Any] | None = None) -> Record:
    return mapping.to_record(
        ROW if row is None else row,
        mapping.to_ref(Kind.DEAL, OPPORTUNITY[:15]),
        OPPORTUNITIES,
        fields=FIELDS,
        types=TYPES,
        site_url=SITE,
    )


def test_a_row_becomes_a_record():
    found = record()
    assert found.ref.id == OPPORTUNITY
    assert (found.name, found.stage, found.owner) == (
        "Größe & Co",
        "Negotiation/Review",
        REP,
    )
    assert found.pipeline == "012000000000001AAA"
    assert found.created_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert found.modified_at == datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)
    assert found.fields == {
        "amount": 125000.5,
        "close_date": date(2026, 12, 24),
        "probability": 90.0,
        "forecast_category": "Commit",
        "is_key": False,
        "met_at": datetime(2026, 11, 19, 13, tzinfo=UTC),
    }
    assert found.url == f"{SITE}/lightning/r/Opportunity/{OPPORTUNITY}/view"


def test_a_row_with_nothing_in_it_is_still_a_record():
    found = record({"Id": OPPORTUNITY, "StageName": None})
    assert (found.stage, found.owner) == (None, None)
    assert found.pipeline == MASTER_RECORD_TYPE
    assert found.name == f"Opportunity {OPPORTUNITY}"
    assert set(found.fields.values()) == {None}


def test_fields_are_asked_for_once_and_only_those_that_are_there():
    fields = {
        **FIELDS,
        FieldName("own"): PropertyName("Amount"),
        OWNER: PropertyName("OwnerId"),
    }
    names = mapping.field_names(OPPORTUNITIES, fields, has_record_types=False)
    assert len(names) == len(set(names))
    assert names[:4] == ["Id", "Name", "StageName", "OwnerId"]
    assert "RecordTypeId" not in names
    assert "RecordTypeId" in mapping.field_names(LEADS, {}, has_record_types=True)


def history(*rows: tuple[str, int], author: str = REP) -> list[dict[str, Any]]:
    return [
        {
            "StageName": stage,
            "CreatedDate": f"2026-11-{day:02d}T08:00:00.000+0000",
            "CreatedById": author,
            "CreatedBy": {"Name": "Robin Rep", "UserType": "Standard"},
        }
        for stage, day in rows
    ]


def test_the_way_through_the_stages_leaves_out_what_moved_nothing():
    traced = mapping.to_traced(
        record(),
        # A row stands for a change of stage, amount, probability or close date.
        history(("Prospecting", 1), ("Prospecting", 5), ("Negotiation/Review", 9)),
        OPPORTUNITIES,
        ours=ROBOT,
    )
    assert [(one.stage, one.entered_at.day) for one in traced.path] == [
        ("Prospecting", 1),
        ("Negotiation/Review", 9),
    ]
    assert traced.path[0].actor.kind is ActorClass.PERSON
    assert traced.path[0].actor.name == "Robin Rep"


def test_our_own_moves_and_those_of_automatic_users_are_known():
    rows = history(("Prospecting", 1), author=ROBOT) + history(("Closed Won", 2))
    rows[1]["CreatedBy"]["UserType"] = "AutomatedProcess"
    path = mapping.to_traced(record(), rows, OPPORTUNITIES, ours=ROBOT).path
    assert [one.actor.kind for one in path] == [
        ActorClass.OURSELVES,
        ActorClass.WORKFLOW,
    ]


def lead_history(*rows: tuple[str, str, str]) -> Traced:
    lead = mapping.to_record(
        {"Id": LEAD, "Status": "Working", "CreatedDate": "2026-11-01T08:00:00.000Z"},
        mapping.to_ref(Kind.LEAD, LEAD),
        LEADS,
        fields={},
        types={},
        site_url=SITE,
    )
    raw = [
        {
            "Field": field,
            "OldValue": old,
            "NewValue": new,
            "CreatedDate": "2026-11-05T08:00:00.000+0000",
            "CreatedById": REP,
        }
        for field, old, new in rows
    ]
    return mapping.to_traced(lead, raw, LEADS, ours=None, creator=CREATOR)


def test_a_field_history_begins_where_its_first_move_left():
    traced = lead_history(
        ("Owner", "Robin", "Marit"),
        ("Status", "Open", "Working"),
        ("Status", "Working", "Closed"),
    )
    assert [one.stage for one in traced.path] == ["Open", "Working", "Closed"]
    assert traced.path[0].entered_at == traced.record.created_at
    assert traced.path[0].actor == CREATOR


def test_a_lead_that_never_moved_stands_where_its_creator_put_it():
    assert lead_history().path == (
        Passage(StageId("Working"), lead_history().record.created_at, CREATOR),
    )


def test_nothing_is_told_of_the_way_where_no_history_is_kept():
    lead = lead_history().record
    assert mapping.to_traced(lead, None, LEADS, ours=None).path == ()


def test_a_record_that_moves_through_nothing_has_neither_stage_nor_pipeline():
    found = mapping.to_record(
        {"Id": "003000000000001AAA", "Name": "Bo Bos", "OwnerId": REP},
        mapping.to_ref(Kind.CONTACT, "003000000000001AAA"),
        CONTACTS,
        fields={},
        types={},
        site_url=SITE,
    )
    assert (found.name, found.stage, found.pipeline) == ("Bo Bos", None, None)


def test_a_faithful_return_writes_stage_probability_and_forecast_category():
    values = {
        STAGE: "Prospecting",
        PROBABILITY: 15.0,
        FORECAST_CATEGORY: "Pipeline",
        CLOSE_DATE: date(2026, 12, 24),
        OWNER: REP,
        PIPELINE: MASTER_RECORD_TYPE,
    }
    assert mapping.to_wire_fields(values, OPPORTUNITIES, FIELDS, TYPES) == {
        "StageName": "Prospecting",
        "Probability": 15.0,
        "ForecastCategoryName": "Pipeline",
        "CloseDate": "2026-12-24",
        "OwnerId": REP,
        "RecordTypeId": None,
    }
    assert mapping.to_wire_fields({STAGE: "Open"}, LEADS, {}, {}) == {"Status": "Open"}


def test_a_field_without_a_place_cannot_be_written():
    with pytest.raises(KeyError, match="nothing"):
        mapping.to_wire_fields({FieldName("nothing"): 1.0}, OPPORTUNITIES, FIELDS, {})


@pytest.mark.parametrize(
    ("value", "kind", "wire"),
    [
        (None, FieldType.TEXT, None),
        (None, FieldType.BOOLEAN, False),
        (True, FieldType.BOOLEAN, True),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), None, "2026-12-01T12:00:00.000Z"),
        (
            datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            FieldType.INSTANT,
            "2026-11-30T23:00:00.000Z",
        ),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), FieldType.DATE, "2026-12-01"),
        (date(2026, 12, 1), FieldType.INSTANT, "2026-12-01T00:00:00.000Z"),
        (date(2026, 12, 1), None, "2026-12-01"),
        (1.5, FieldType.NUMBER, 1.5),
    ],
)
def test_values_go_out_as_salesforce_takes_them(value: Any, kind: Any, wire: Any):
    assert to_wire(value, kind) == wire


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    st.sampled_from(FieldType),
)
def test_no_value_of_a_row_breaks_anything(raw: Any, kind: FieldType):
    value = to_value(raw, kind)
    assert value == value  # noqa: PLR0124 - a NaN would not be
    assert to_instant(raw) is None or isinstance(raw, str)


def test_a_user_becomes_a_person():
    row = {"Id": REP, "Name": "Robin Rep", "Email": "r@acme.example", "IsActive": True}
    robin = mapping.to_user({**row, "ManagerId": ROBOT})
    assert (robin.owner, robin.name, robin.manager) == (REP, "Robin Rep", ROBOT)
    assert robin.is_active
    former = mapping.to_user({**row, "IsActive": False, "ManagerId": None})
    assert not former.is_active
    assert former.manager is None
