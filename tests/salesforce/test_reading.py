from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.errors import Permanent, Transient
from adapters.ports import Crm
from rules.model import (
    AMOUNT,
    FORECAST_CATEGORY,
    PROBABILITY,
    ActorClass,
    EvidenceKind,
    FieldName,
    Kind,
    PropertyName,
    RecordRef,
)
from tests.hubspot.kit import Requests
from tests.salesforce.kit import (
    FIELDS,
    FIRST,
    LATER,
    SECOND,
    SITE,
    Ahead,
    ref,
    seed,
    seed_many,
)
from tests.sandbox.kit import MANAGER, REP, Control

DAY = timedelta(days=1)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_no_request_asks_for_more_than_salesforce_takes(
    crm: Crm, control: Control, requests: Requests
):
    many = seed_many(control, 2_001)
    crm.read(many[:1], FIELDS)
    calls = frozenset({EvidenceKind.CALLS})
    crm.evidence(many[:1], calls, NOW)
    requests.clear()
    assert len(crm.read(many, FIELDS)) == len(many)
    assert requests.operations() == ["Opportunity.collection.read"] * 2
    requests.clear()
    assert len(crm.evidence(many, calls, NOW)) == len(many)
    # Six queries, of which one request may hold five.
    assert requests.operations() == ["composite"] * 2


def test_a_deal_is_read_with_its_fields_in_our_words(crm: Crm, control: Control):
    deal = ref(
        seed(
            control,
            fields={
                "StageName": LATER,
                "Amount": 1200.5,
                "CloseDate": "2026-12-24",
                "OwnerId": REP,
            },
        )
    )
    [found] = crm.read([deal], FIELDS).values()
    owner = control.get("salesforce/org")["users"][REP]
    assert (found.name, found.stage, found.owner) == ("Acme", LATER, owner)
    assert found.pipeline == "012000000000000AAA"
    assert found.fields == {
        "amount": 1200.5,
        "close_date": date(2026, 12, 24),
        "probability": 90.0,
        "forecast_category": "Pipeline",
        "next_step": None,
    }
    assert found.url == f"{SITE}/lightning/r/Opportunity/{deal.id}/view"


def test_ids_of_15_characters_are_read_and_what_is_no_id_is_absent(
    crm: Crm, control: Control
):
    deal, gone = seed(control), seed(control)
    control.post("salesforce/delete", id=gone)
    short = ref(deal[:15])
    strange = [ref("987654321"), ref(""), ref("003000000000001AAA"), ref("x" * 400)]
    found = crm.read([short, ref(gone), *strange], FIELDS)
    assert set(found) == {short}
    assert found[short].ref == short
    assert set(crm.trace([short, ref(gone), *strange], FIELDS)) == {short}


def test_a_thousand_records_take_one_request_and_their_way_one_for_four_hundred(
    crm: Crm, control: Control, requests: Requests
):
    refs = seed_many(control, 1000)
    crm.read(refs[:1], FIELDS)
    crm.trace(refs[:1], FIELDS)
    requests.clear()
    assert len(crm.read(refs, FIELDS)) == 1000
    assert requests.operations() == ["Opportunity.collection.read"]
    requests.clear()
    assert len(crm.trace(refs[:300], FIELDS)) == 300
    assert requests.operations() == ["composite"]


def test_more_rows_than_a_page_holds_are_fetched_to_the_last(
    crm: Crm, control: Control
):
    control.post("salesforce/settings", query_batch=200)
    refs = seed_many(control, 390)
    assert len(crm.trace(refs, FIELDS)) == 390
    assert len(crm.people()) == 3


def test_a_page_that_expired_meanwhile_is_trouble_and_not_the_end(
    crm: Crm, control: Control
):
    control.post("salesforce/settings", query_batch=200)
    seed_many(control, 390)
    batches = crm.scan(Kind.DEAL, FIELDS)
    control.post(
        "faults",
        kind="status",
        status=400,
        category="QUERY_LOCATOR_EXPIRED",
        path="query/01g",
        count=None,
    )
    with pytest.raises(Transient, match="put a query aside"):
        next(batches)


def test_a_field_that_is_hidden_is_named_with_the_remedy(crm: Crm, control: Control):
    deal = ref(seed(control))
    control.post(
        "salesforce/fields", object="Opportunity", field="NextStep", access="none"
    )
    for ask in (crm.read, crm.trace):
        with pytest.raises(Permanent) as refused:
            ask([deal], FIELDS)
        assert "NextStep of Opportunity" in str(refused.value)
        assert "permission set" in str(refused.value)


def test_an_organisation_without_leads_says_so(crm: Crm, control: Control):
    control.post("faults", kind="status", status=404, path="Lead/describe", count=None)
    with pytest.raises(Permanent, match="no Lead"):
        crm.read([ref("00Q000000000001", Kind.LEAD)], {})


def test_a_field_that_was_added_lately_is_known_in_time(
    crm: Crm, control: Control, ahead: Ahead
):
    deal = ref(seed(control))
    crm.read([deal], FIELDS)
    control.post(
        "salesforce/seed",
        fields={"Opportunity": [{"name": "Signed__c", "type": "date"}]},
    )
    control.post("salesforce/act", id=deal.id, fields={"Signed__c": "2026-11-02"})
    ahead.advance(timedelta(minutes=2))
    fields = {FieldName("signed"): PropertyName("Signed__c")}
    assert crm.read([deal], fields)[deal].fields == {"signed": date(2026, 11, 2)}


def test_record_types_are_pipelines(crm: Crm, control: Control):
    made = control.post(
        "salesforce/seed",
        record_types=[{"object": "Opportunity", "name": "Big", "values": [FIRST]}],
    )["record_types"]
    deal = ref(seed(control, fields={"RecordTypeId": made["Big"]}))
    assert crm.read([deal], {})[deal].pipeline == made["Big"]


def test_the_way_of_a_deal_tells_every_step_and_whose_it_was(
    crm: Crm, control: Control
):
    deal = seed(
        control,
        user=REP,
        at="-9d",
        changes=[
            {"fields": {"StageName": SECOND}, "user": MANAGER, "at": "-8d"},
            {"fields": {"Amount": 5.0}, "user": REP, "at": "-7d"},
            {"fields": {"StageName": LATER}, "at": "-6d"},
        ],
    )
    [traced] = crm.trace([ref(deal)], FIELDS).values()
    assert [(one.stage, one.actor.kind, one.actor.name) for one in traced.path] == [
        (FIRST, ActorClass.PERSON, "Robin Rep"),
        (SECOND, ActorClass.PERSON, "Marit Manager"),
        (LATER, ActorClass.OURSELVES, "Integration"),
    ]


def test_the_way_is_told_whichever_form_the_id_has(
    crm: Crm, control: Control, changed: Callable[..., RecordRef]
):
    deal = seed(control, at="-9d")
    changed(ref(deal), StageName=SECOND)
    short = ref(deal[:15])
    [traced] = crm.trace([short], FIELDS).values()
    assert [one.stage for one in traced.path] == [FIRST, SECOND]
    assert traced.record.ref == short


def test_two_moves_in_one_second_come_in_their_order(crm: Crm, control: Control):
    moves = [{"fields": {"StageName": one}, "at": "-1d"} for one in (SECOND, LATER)]
    deal = seed(control, at="-2d", changes=moves)
    [traced] = crm.trace([ref(deal)], FIELDS).values()
    assert [one.stage for one in traced.path] == [FIRST, SECOND, LATER]


def test_a_lead_whose_fields_are_not_tracked_has_no_way_but_a_record(
    crm: Crm, control: Control
):
    lead = ref(seed(control, "Lead"), Kind.LEAD)
    [traced] = crm.trace([lead], {}).values()
    assert traced.path == ()
    assert traced.record.stage == "Open - Not Contacted"


@pytest.fixture
def changed(control: Control, ahead: Ahead) -> Callable[..., RecordRef]:
    """Has a deal changed in the very second in which it will be read."""

    def change(deal: RecordRef, **fields: object) -> RecordRef:
        now = datetime.fromtimestamp(control.get("clock")["now_ms"] / 1000, UTC)
        # Early in a second, so that none ends while the test is at work.
        ahead.advance(timedelta(seconds=1.05) - timedelta(microseconds=now.microsecond))
        control.post("salesforce/act", id=deal.id, user=REP, fields=fields)
        return deal

    return change


def test_what_was_changed_in_the_second_of_reading_is_read_again_after_it(
    crm: Crm,
    control: Control,
    changed: Callable[..., RecordRef],
    ahead: Ahead,
    requests: Requests,
):
    deal = ref(seed(control))
    crm.trace([deal], FIELDS)
    ahead.naps.clear()
    changed(deal, Amount=5.0)
    requests.clear()
    [traced] = crm.trace([deal], FIELDS).values()
    assert requests.operations() == ["composite", "composite"]
    assert len(ahead.naps) == 1
    assert 0 < ahead.naps[0] < 1.1
    assert traced.record.fields[AMOUNT] == 5.0


def test_what_has_stood_for_a_second_is_not_waited_for(
    crm: Crm, control: Control, ahead: Ahead
):
    crm.trace([ref(seed(control))], FIELDS)
    assert ahead.naps == []


def test_probability_is_in_percent(crm: Crm, control: Control):
    deal = ref(seed(control, fields={"Probability": 35}))
    fields = crm.read([deal], FIELDS)[deal].fields
    assert fields[PROBABILITY] == 35.0
    assert fields[FORECAST_CATEGORY] == "Pipeline"
