from datetime import date, timedelta

import pytest

from adapters.errors import Forbidden
from adapters.ports import Crm, FieldWrite, OutcomeKind
from adapters.salesforce.sending import PARALLEL
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    OWNER,
    PROBABILITY,
    STAGE,
    FieldName,
    Kind,
    PropertyName,
    RecordRef,
    Value,
)
from tests.hubspot.kit import Requests
from tests.salesforce.kit import (
    FIELDS,
    FIRST,
    LATER,
    SECOND,
    Ahead,
    ref,
    seed,
    seed_many,
    stored,
)
from tests.sandbox.kit import REP, Control


@pytest.fixture
def deal(control: Control) -> RecordRef:
    return ref(seed(control))


def setting(crm: Crm, deal: RecordRef, values: dict[FieldName, Value]) -> FieldWrite:
    return FieldWrite(deal.id, crm.read([deal], FIELDS)[deal], values)


def ended(crm: Crm, *writes: FieldWrite) -> list[OutcomeKind]:
    outcomes = crm.write(writes, FIELDS)
    return [outcomes[one.key].kind for one in writes]


def test_a_return_is_faithful_to_what_a_person_had_set(
    crm: Crm, control: Control, deal: RecordRef
):
    by_hand = {
        "Probability": 35,
        "ForecastCategoryName": "Best Case",
        "CloseDate": "2026-12-24",
    }
    control.post("salesforce/act", id=deal.id, user=REP, fields=by_hand)
    before = crm.read([deal], FIELDS)[deal]
    control.post(
        "salesforce/act", id=deal.id, user=REP, fields={"StageName": "Closed Won"}
    )
    closed = stored(control, deal.id)
    assert (closed["Probability"], closed["IsClosed"]) == (100, True)
    names = (PROBABILITY, FORECAST_CATEGORY, CLOSE_DATE)
    values = {STAGE: FIRST, **{name: before.fields[name] for name in names}}
    assert ended(crm, setting(crm, deal, values)) == [OutcomeKind.DONE]
    after = stored(control, deal.id)
    assert after["StageName"] == FIRST
    assert {name: after[name] for name in by_hand} == by_hand
    assert not after["IsClosed"]


def test_what_somebody_changed_since_the_reading_is_not_overwritten(
    crm: Crm, control: Control, deal: RecordRef, ahead: Ahead
):
    write = setting(crm, deal, {STAGE: SECOND})
    ahead.advance(timedelta(seconds=1))
    control.post("salesforce/act", id=deal.id, user=REP, fields={"StageName": LATER})
    outcome = crm.write([write], FIELDS)[deal.id]
    assert outcome.kind is OutcomeKind.CONFLICT
    assert stored(control, deal.id)["StageName"] == LATER


def test_what_was_changed_twice_in_the_second_of_its_tracing_is_not_overwritten(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/act", id=deal.id, user=REP, fields={"StageName": SECOND})
    traced = crm.trace([deal], FIELDS)[deal]
    # In the same second as the first, had the tracing not waited for its end.
    control.post("salesforce/act", id=deal.id, user=REP, fields={"StageName": LATER})
    write = FieldWrite("w", traced.record, {STAGE: FIRST})
    assert ended(crm, write) == [OutcomeKind.CONFLICT]
    assert stored(control, deal.id)["StageName"] == LATER


def test_our_own_notes_and_the_account_being_written_are_no_conflict(
    crm: Crm, control: Control, ahead: Ahead
):
    account = seed(control, "Account")
    deal = ref(seed(control, fields={"AccountId": account}))
    write = setting(crm, deal, {AMOUNT: 5.0})
    ahead.advance(timedelta(seconds=2))
    control.post("salesforce/log", kind="call", on=deal.id, user=REP)
    control.post("salesforce/act", id=account, fields={"Name": "Other"})
    assert ended(crm, write) == [OutcomeKind.DONE]


def test_a_validation_rule_refuses_with_the_admins_own_words(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("salesforce/rules", to=[SECOND], message="Add a close plan first.")
    outcome = crm.write([setting(crm, deal, {STAGE: SECOND})], FIELDS)[deal.id]
    assert outcome.kind is OutcomeKind.REFUSED
    assert "Add a close plan first." in outcome.reason


def test_an_amount_that_products_add_up_to_is_refused_and_the_others_are_set(
    crm: Crm, control: Control, requests: Requests
):
    summed, own, moved = (ref(seed(control)) for _ in range(3))
    for deal in (summed, moved):
        control.post("salesforce/products", id=deal.id, amount=500)
    writes = [
        setting(crm, summed, {AMOUNT: 5.0}),
        setting(crm, own, {AMOUNT: 5.0}),
        setting(crm, moved, {STAGE: SECOND}),
    ]
    requests.clear()
    outcomes = crm.write(writes, FIELDS)
    assert "sum of its products" in outcomes[summed.id].reason
    assert [outcomes[one.key].kind for one in writes] == [
        OutcomeKind.REFUSED,
        OutcomeKind.DONE,
        OutcomeKind.DONE,
    ]
    assert stored(control, summed.id)["Amount"] == 500
    assert stored(control, own.id)["Amount"] == 5
    assert requests.operations().count("Opportunity.update") == 2


@pytest.mark.parametrize(
    "code", ["CANNOT_EXECUTE_FLOW_TRIGGER", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"]
)
@pytest.mark.parametrize("times", [1, 2])
def test_automation_that_breaks_is_tried_once_more(
    crm: Crm, control: Control, deal: RecordRef, code: str, times: int
):
    write = setting(crm, deal, {STAGE: SECOND})
    control.post(
        "faults",
        kind="status",
        status=400,
        method="PATCH",
        path="sobjects/Opportunity",
        category=code,
        message="A flow failed.",
        count=times,
    )
    is_over = times == 1
    assert ended(crm, write) == [OutcomeKind.DONE if is_over else OutcomeKind.REFUSED]


def test_an_approval_lock_refuses(crm: Crm, control: Control, deal: RecordRef):
    control.post("salesforce/lock", id=deal.id)
    outcome = crm.write([setting(crm, deal, {STAGE: SECOND})], FIELDS)[deal.id]
    assert outcome.kind is OutcomeKind.REFUSED
    assert "locked" in outcome.reason


def test_a_row_that_another_one_holds_is_tried_again(
    crm: Crm, control: Control, deal: RecordRef, ahead: Ahead
):
    write = setting(crm, deal, {STAGE: SECOND})
    control.post(
        "faults",
        kind="status",
        status=400,
        category="UNABLE_TO_LOCK_ROW",
        path=f"Opportunity/{deal.id}",
        count=2,
    )
    assert ended(crm, write) == [OutcomeKind.DONE]
    assert len(ahead.naps) == 2


def test_a_row_that_stays_locked_stops_no_other(
    crm: Crm, control: Control, deal: RecordRef
):
    others = [ref(seed(control)) for _ in range(20)]
    writes = [setting(crm, one, {STAGE: SECOND}) for one in (deal, *others)]
    control.post(
        "faults",
        kind="status",
        status=400,
        category="UNABLE_TO_LOCK_ROW",
        path=f"Opportunity/{deal.id}",
        count=None,
    )
    assert ended(crm, *writes) == [OutcomeKind.FAILED, *[OutcomeKind.DONE] * 20]


def test_an_organisation_in_trouble_is_not_asked_for_each_record(
    crm: Crm, control: Control, requests: Requests
):
    refs = seed_many(control, 100)
    records = crm.read(refs, FIELDS)
    writes = [FieldWrite(one.id, records[one], {STAGE: SECOND}) for one in refs]
    control.post(
        "faults", kind="status", status=503, path="Opportunity/006", count=None
    )
    requests.clear()
    assert set(ended(crm, *writes)) == {OutcomeKind.FAILED}
    assert len(requests.operations()) <= 40, "four tries for each of ten side by side"


def test_a_day_that_ends_meanwhile_says_of_each_record_how_long_to_wait(
    crm: Crm, control: Control
):
    refs = seed_many(control, 40)
    records = crm.read(refs, FIELDS)
    writes = [FieldWrite(one.id, records[one], {STAGE: SECOND}) for one in refs]
    control.post("salesforce/settings", daily_limit=1000)
    control.post("salesforce/calls", used=930)
    outcomes = crm.write(writes, FIELDS)
    kinds = {one.kind for one in outcomes.values()}
    assert kinds == {OutcomeKind.DONE, OutcomeKind.FAILED}
    for one in outcomes.values():
        if one.kind is OutcomeKind.FAILED:
            assert one.retry_after is not None
            assert one.retry_after > timedelta(minutes=29)


def test_three_hundred_returns_are_three_hundred_guarded_requests(
    crm: Crm, control: Control, requests: Requests
):
    refs = seed_many(control, 300)
    records = crm.read(refs, FIELDS)
    writes = [FieldWrite(one.id, records[one], {STAGE: SECOND}) for one in refs]
    requests.clear()
    assert ended(crm, *writes) == [OutcomeKind.DONE] * 300
    assert requests.operations() == ["Opportunity.update"] * 300
    pools = crm._writing._client._sender._session.get_adapter(
        "http://"
    ).poolmanager.pools
    connections = [pools[key].num_connections for key in pools.keys()]  # noqa: SIM118
    assert sum(connections) <= PARALLEL


def test_a_lost_answer_is_not_followed_by_a_second_write(
    crm: Crm, control: Control, deal: RecordRef, requests: Requests
):
    write = setting(crm, deal, {STAGE: SECOND})
    control.post("faults", kind="lose", path=f"Opportunity/{deal.id}")
    requests.clear()
    assert ended(crm, write) == [OutcomeKind.UNKNOWN]
    assert len(requests.operations()) == 1
    assert stored(control, deal.id)["StageName"] == SECOND


def test_two_writes_to_one_record_go_as_one(
    crm: Crm, control: Control, deal: RecordRef, requests: Requests, ahead: Ahead
):
    ahead.advance(timedelta(seconds=5))
    record = crm.read([deal], FIELDS)[deal]
    writes = [
        FieldWrite("one", record, {STAGE: SECOND, AMOUNT: 1.0}),
        FieldWrite("two", record, {AMOUNT: 2.0}),
    ]
    requests.clear()
    assert ended(crm, *writes) == [OutcomeKind.DONE] * 2
    assert requests.operations().count("Opportunity.update") == 1
    after = stored(control, deal.id)
    assert (after["StageName"], after["Amount"]) == (SECOND, 2.0)


def test_what_is_no_id_is_gone_without_a_request(
    crm: Crm, deal: RecordRef, requests: Requests
):
    record = crm.read([deal], FIELDS)[deal]
    strange = FieldWrite("w", record, {AMOUNT: 1.0})
    object.__setattr__(record, "ref", ref("987654321"))
    requests.clear()
    assert ended(crm, strange) == [OutcomeKind.GONE]
    assert requests.operations() == []


def test_a_write_of_nothing_is_done(crm: Crm, deal: RecordRef, requests: Requests):
    write = setting(crm, deal, {})
    requests.clear()
    assert ended(crm, write) == [OutcomeKind.DONE]
    assert requests.operations() == []


def test_a_right_that_is_missing_on_one_record_refuses_that_one(
    crm: Crm, control: Control, deal: RecordRef
):
    other = ref(seed(control))
    writes = [setting(crm, one, {STAGE: SECOND}) for one in (deal, other)]
    control.post(
        "faults",
        kind="status",
        status=403,
        category="INSUFFICIENT_ACCESS_OR_READONLY",
        path=f"Opportunity/{deal.id}",
    )
    assert ended(crm, *writes) == [OutcomeKind.REFUSED, OutcomeKind.DONE]


def test_a_right_that_is_missing_altogether_is_named(
    crm: Crm, control: Control, deal: RecordRef
):
    write = setting(crm, deal, {STAGE: SECOND})
    control.post("salesforce/objects/access", object="Opportunity", access="read")
    with pytest.raises(Forbidden, match="permission set") as refused:
        crm.write([write], FIELDS)
    assert refused.value.missing == ("Edit on Opportunity",)


def test_an_owner_who_has_left_is_refused(crm: Crm, control: Control, deal: RecordRef):
    gone = "gone@example.com"
    control.post("users", users=[{"email": gone, "is_active": False}])
    owner = control.get("salesforce/org")["users"][gone]
    outcome = crm.write([setting(crm, deal, {OWNER: owner})], FIELDS)[deal.id]
    assert outcome.kind is OutcomeKind.REFUSED
    assert "inactive" in outcome.reason


def test_a_lead_goes_back_as_well_and_a_converted_one_refuses(
    crm: Crm, control: Control
):
    lead = ref(seed(control, "Lead"), Kind.LEAD)
    record = crm.read([lead], {})[lead]
    write = FieldWrite("w", record, {STAGE: "Working - Contacted"})
    assert crm.write([write], {})["w"].kind is OutcomeKind.DONE
    control.post("salesforce/convert", id=lead.id)
    record = crm.read([lead], {})[lead]
    outcome = crm.write([FieldWrite("w", record, {STAGE: "Open"})], {})["w"]
    assert outcome.kind is OutcomeKind.REFUSED


def test_days_instants_and_boxes_are_set_as_salesforce_takes_them(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post(
        "salesforce/seed",
        fields={"Opportunity": [{"name": "Is_Key__c", "type": "boolean"}]},
    )
    fields = {**FIELDS, FieldName("is_key"): PropertyName("Is_Key__c")}
    values = {CLOSE_DATE: date(2027, 1, 31), FieldName("is_key"): True}
    record = crm.read([deal], fields)[deal]
    crm.write([FieldWrite("w", record, values)], fields)
    after = stored(control, deal.id)
    assert (after["CloseDate"], after["Is_Key__c"]) == ("2027-01-31", True)
    record = crm.read([deal], fields)[deal]
    outcome = crm.write([FieldWrite("w", record, {FieldName("is_key"): None})], fields)[
        "w"
    ]
    assert outcome.kind is OutcomeKind.DONE, "a box cannot be empty, only unticked"
    assert stored(control, deal.id)["Is_Key__c"] is False
