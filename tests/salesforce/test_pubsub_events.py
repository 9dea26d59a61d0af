"""What the bytes of change events say."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from adapters.ports import HeardKind
from adapters.salesforce.pubsub.bitmaps import named_fields
from adapters.salesforce.pubsub.events import (
    ChangeEvent,
    UnreadableError,
    read_event,
    to_schema,
)
from adapters.salesforce.pubsub.hearing import author_of, hear, is_whole
from rules.model import ActorClass, Kind

DEAL = "006000000000001AAA"
LEAD = "00Q000000000001EAA"
TASK = "00T000000000001EAA"
PERSON = "005000000000001AAA"
OURS = "005000000000002AAA"
LIGHTNING = "com/salesforce/api/soap/68.0;client=SfdcInternalAPI/"
REST = "com/salesforce/api/rest/68.0;client="

STRINGS = {"type": "array", "items": "string"}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "LeadChangeEvent",
    "fields": [
        {
            "name": "ChangeEventHeader",
            "type": {
                "type": "record",
                "name": "ChangeEventHeader",
                "fields": [
                    {"name": "entityName", "type": "string"},
                    {"name": "recordIds", "type": STRINGS},
                    {"name": "changeType", "type": "string"},
                    {"name": "changeOrigin", "type": "string"},
                    {"name": "transactionKey", "type": "string"},
                    {"name": "sequenceNumber", "type": "int"},
                    {"name": "commitTimestamp", "type": "long"},
                    {"name": "commitUser", "type": "string"},
                    {"name": "changedFields", "type": STRINGS},
                ],
            },
        },
        {"name": "Status", "type": ["null", "string"]},
        {
            "name": "Name",
            "type": [
                "null",
                "string",
                {
                    "type": "record",
                    "name": "Switchable_PersonName",
                    "fields": [
                        {"name": "FirstName", "type": ["null", "string"]},
                        {"name": "LastName", "type": ["null", "string"]},
                    ],
                },
            ],
        },
    ],
}
HEADER = {
    "entityName": "Lead",
    "recordIds": [LEAD],
    "changeType": "UPDATE",
    "changeOrigin": LIGHTNING,
    "transactionKey": "0002343d-9d90",
    "sequenceNumber": 3,
    "commitTimestamp": 1_796_126_400_123,
    "commitUser": PERSON,
    "changedFields": ["0x2", "2-0x1"],
}


def encode(**header: Any) -> bytes:
    written = BytesIO()
    event = {
        "ChangeEventHeader": HEADER | header,
        "Status": "Working",
        "Name": {"FirstName": "Jo", "LastName": None},
    }
    schemaless_writer(written, parse_schema(SCHEMA), event)
    return written.getvalue()


def an_event(**changes: Any) -> ChangeEvent:
    return replace(read_event(encode(), to_schema(json.dumps(SCHEMA))), **changes)


def numbered(count: int) -> dict[str, Any]:
    return {"fields": [{"name": f"{number}", "type": "int"} for number in range(count)]}


def test_an_event_says_what_changed_by_whom_and_when():
    event = read_event(encode(), to_schema(json.dumps(SCHEMA)))
    assert event == ChangeEvent(
        entity="Lead",
        record_ids=(LEAD,),
        kind="UPDATE",
        origin=LIGHTNING,
        transaction="0002343d-9d90",
        sequence=3,
        committed_at_ms=1_796_126_400_123,
        user_id=PERSON,
        changed=("Status", "Name.FirstName"),
        fields={"Status": "Working", "Name": {"FirstName": "Jo", "LastName": None}},
    )
    [heard] = hear(event, ours=OURS)
    assert heard.key == f"cdc|0002343d-9d90|3|{LEAD}"
    assert heard.occurred_at == datetime(2026, 12, 1, 12, 0, 0, 123_000, UTC)
    assert heard.property == "Status, Name.FirstName"


def test_bits_stand_for_fields_in_their_order():
    # Salesforce's own example.
    found = named_fields(["0x650004E0"], numbered(31))
    assert found == ("5", "6", "7", "10", "24", "26", "29", "30")


@pytest.mark.parametrize(
    "bitmap", ["0x8", "3-0x1", "1-0x1", "2-0x4", "x", "2-", "-0x1", "a-0x1", ""]
)
def test_bitmaps_that_do_not_fit_name_nothing_and_lose_no_event(bitmap: str):
    with pytest.raises(ValueError):  # noqa: PT011 - int's own words are as good
        named_fields([bitmap], SCHEMA)
    event = read_event(encode(changedFields=[bitmap]), to_schema(json.dumps(SCHEMA)))
    assert event.changed == ()
    assert len(hear(event, ours=OURS)) == 1


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_do_no_harm(payload: bytes):
    with suppress(UnreadableError):
        read_event(payload, to_schema(json.dumps(SCHEMA)))


def test_an_event_that_is_cut_off_is_told_as_such():
    with pytest.raises(UnreadableError, match="does not fit its schema"):
        read_event(encode()[:-3], to_schema(json.dumps(SCHEMA)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"string"',
        '{"type": "record"}',
        '{"type": "nonsense"}',
        "[" * 9999,
    ],
)
def test_a_schema_that_is_none_is_told_as_such(text: str):
    with pytest.raises(UnreadableError):
        to_schema(text)


def test_a_schema_without_a_header_reads_nothing():
    bare = {"type": "record", "name": "X", "fields": [{"name": "A", "type": "int"}]}
    with pytest.raises(UnreadableError):
        read_event(b"\x02", to_schema(json.dumps(bare)))


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("CREATE", HeardKind.CREATED),
        ("UPDATE", HeardKind.CHANGED),
        ("DELETE", HeardKind.DELETED),
        ("UNDELETE", HeardKind.RESTORED),
        ("GAP_CREATE", HeardKind.CREATED),
        ("GAP_UPDATE", HeardKind.CHANGED),
        ("GAP_DELETE", HeardKind.DELETED),
        ("GAP_UNDELETE", HeardKind.RESTORED),
    ],
)
def test_kinds_of_change(kind: str, heard: HeardKind):
    event = an_event(kind=kind)
    assert [one.kind for one in hear(event, ours=OURS)] == [heard]
    assert is_whole(event)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "SNAPSHOT"},
        {"entity": "Account", "record_ids": ("001000000000001AAA",)},
        {"record_ids": (DEAL,)},
        {"record_ids": ()},
        {"entity": "Task", "record_ids": (TASK,), "fields": {}},
        {"entity": "Task", "record_ids": (TASK,), "fields": {"WhatId": None}},
        {
            "entity": "Task",
            "record_ids": (TASK,),
            "fields": {"WhatId": "001000000000001AAA"},
        },
        {"entity": "Quote", "record_ids": (TASK,), "fields": {"OpportunityId": 7}},
    ],
    ids=str,
)
def test_what_leads_to_no_record_of_ours_is_passed_over(changes: dict[str, Any]):
    event = an_event(**changes)
    assert hear(event, ours=OURS) == ()
    assert is_whole(event)


@pytest.mark.parametrize(
    ("entity", "field", "kind"),
    [
        ("Task", "WhatId", Kind.DEAL),
        ("Task", "WhoId", Kind.LEAD),
        ("Event", "WhatId", Kind.DEAL),
        ("OpportunityContactRole", "OpportunityId", Kind.DEAL),
        ("Quote", "OpportunityId", Kind.DEAL),
        ("EmailMessage", "RelatedToId", Kind.DEAL),
    ],
)
def test_evidence_is_a_hint_to_what_it_hangs_on(entity: str, field: str, kind: Kind):
    record = DEAL if kind is Kind.DEAL else LEAD
    event = an_event(
        entity=entity, record_ids=(TASK,), kind="CREATE", fields={field: record[:15]}
    )
    [heard] = hear(event, ours=OURS)
    assert heard.kind is HeardKind.LINKED
    assert heard.ref is not None
    assert (heard.ref.kind, heard.ref.id) == (kind, record)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "GAP_OVERFLOW", "record_ids": ("000000000000000AAA",)},
        {"kind": "UPDATE", "record_ids": ("00Q*",)},
        {"kind": "UPDATE", "record_ids": (LEAD, "00Q*")},
        {"kind": "GAP_CREATE", "entity": "Task", "record_ids": (TASK,)},
    ],
    ids=str,
)
def test_what_names_not_all_that_changed_is_not_whole(changes: dict[str, Any]):
    event = an_event(**changes)
    assert not is_whole(event)
    named = [one.ref.id for one in hear(event, ours=OURS) if one.ref]
    assert named == [one for one in event.record_ids if one == LEAD]


@pytest.mark.parametrize(
    ("origin", "user", "kind", "name"),
    [
        ("", PERSON, ActorClass.PERSON, PERSON),
        (LIGHTNING, PERSON, ActorClass.PERSON, PERSON),
        (REST + "slagboom", PERSON, ActorClass.OURSELVES, PERSON),
        (REST + "slagboom/", OURS, ActorClass.OURSELVES, OURS),
        (REST, OURS, ActorClass.OURSELVES, OURS),
        ("com/salesforce/api/rest/68.0", OURS[:15], ActorClass.OURSELVES, OURS[:15]),
        (REST + "invoices", OURS, ActorClass.INTEGRATION, "invoices"),
        (REST + "invoices", PERSON, ActorClass.INTEGRATION, "invoices"),
        (REST, PERSON, ActorClass.INTEGRATION, PERSON),
        ("com/salesforce/api/bulk/68.0", PERSON, ActorClass.IMPORT, PERSON),
        (
            "com/salesforce/api/bulk/68.0;client=Loader",
            PERSON,
            ActorClass.IMPORT,
            "Loader",
        ),
        ("", "", ActorClass.UNKNOWN, ""),
    ],
)
def test_who_changed_it(origin: str, user: str, kind: ActorClass, name: str):
    actor = author_of(an_event(origin=origin, user_id=user), ours=OURS)
    assert (actor.kind, actor.name) == (kind, name)


def test_a_moment_beyond_all_bounds_is_no_obstacle():
    [heard] = hear(an_event(committed_at_ms=2**62), ours=OURS)
    assert heard.occurred_at.year == 1970
