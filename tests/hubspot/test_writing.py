from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.errors import Forbidden, Unauthorized
from adapters.marks import find_marks, to_mark
from adapters.ports import Crm, FieldWrite, Note, OutcomeKind, Task
from rules.model import (
    AMOUNT,
    CLOSE_DATE,
    FORECAST_CATEGORY,
    OWNER,
    PIPELINE,
    PROBABILITY,
    STAGE,
    EvidenceKind,
    FieldName,
    Kind,
    OwnerId,
    PropertyName,
    Record,
    RecordRef,
    Value,
)
from tests.hubspot.kit import FIELDS, Night, Requests, ref, seed, seed_many, stored
from tests.sandbox.kit import REP, Control

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DEAL = {"dealname": "Acme", "dealstage": "contractsent", "owner": REP}


def expected(record: RecordRef) -> Record:
    return Record(record, "Acme", None, None, None, NOON, NOON)


def setting(record: RecordRef, key: str = "", **values: Value) -> FieldWrite:
    named = {FieldName(name): value for name, value in values.items()}
    return FieldWrite(key or record.id, expected(record), named)


def note(record: RecordRef, key: str = "n1", html: str = "<p>Back.</p>") -> Note:
    return Note(key=key, on=record, at=NOON, html=html)


def task(record: RecordRef, key: str = "t1") -> Task:
    return Task(
        key=key,
        on=record,
        subject="Call Acme",
        html="<p>Call.</p>",
        due_at=NOON,
        owner=OwnerId("600000001"),
        is_urgent=True,
    )


@pytest.fixture
def deal(control: Control) -> RecordRef:
    return ref(seed(control, properties=DEAL))


def test_a_return_sets_stage_and_what_went_along_with_it(
    crm: Crm, control: Control, deal: RecordRef
):
    fields = FIELDS | {
        PROBABILITY: PropertyName("hs_deal_stage_probability"),
        FORECAST_CATEGORY: PropertyName("hs_manual_forecast_category"),
    }
    values: dict[str, Value] = {
        STAGE: "qualifiedtobuy",
        PIPELINE: "default",
        OWNER: None,
        AMOUNT: 1200.0,
        CLOSE_DATE: date(2026, 12, 24),
        PROBABILITY: 0.4,
        FORECAST_CATEGORY: "PIPELINE",
        "lost_reason": None,
    }
    outcomes = crm.write([setting(deal, **values)], fields)
    assert outcomes[deal.id].kind is OutcomeKind.DONE
    assert outcomes[deal.id].external_id == deal.id
    found = stored(control, "deals", deal.id)
    assert found["dealstage"] == "qualifiedtobuy"
    assert found["hubspot_owner_id"] == ""
    assert found["amount"] == "1200"
    assert found["closedate"] == "2026-12-24T00:00:00Z"
    assert found["hs_manual_forecast_category"] == "PIPELINE"


def test_what_was_read_can_be_put_back_unchanged(crm: Crm, control: Control):
    deal = ref(
        seed(
            control,
            properties={
                **DEAL,
                "amount": "99.95",
                "closedate": "2026-12-24T09:30:00.123Z",
            },
        )
    )
    before = crm.read([deal], FIELDS)[deal]
    control.post(
        "hubspot/act", id=deal.id, properties={"dealstage": "closedwon", "amount": 1}
    )
    control.post(
        "hubspot/act", id=deal.id, properties={"closedate": "2027-01-01T00:00:00Z"}
    )
    values = {STAGE: before.stage, **before.fields}
    crm.write([FieldWrite("k", before, values)], FIELDS)
    after = crm.read([deal], FIELDS)[deal]
    assert (after.stage, after.fields) == (before.stage, before.fields)


def test_our_own_write_is_known_as_our_own(crm: Crm, deal: RecordRef):
    crm.write([setting(deal, stage="qualifiedtobuy")], FIELDS)
    path = crm.trace([deal], FIELDS)[deal].path
    assert path[-1].stage == "qualifiedtobuy"
    assert path[-1].actor.kind == "ourselves"


def test_each_row_of_a_batch_ends_in_its_own_way(crm: Crm, control: Control):
    good, bad, gone = (ref(seed(control, properties=DEAL)) for _ in range(3))
    control.post("hubspot/delete", object="deals", id=gone.id)
    outcomes = crm.write(
        [
            setting(good, stage="qualifiedtobuy"),
            setting(bad, stage="no-such-stage"),
            setting(gone, stage="qualifiedtobuy"),
        ],
        FIELDS,
    )
    assert {key: one.kind for key, one in outcomes.items()} == {
        good.id: OutcomeKind.DONE,
        bad.id: OutcomeKind.REFUSED,
        gone.id: OutcomeKind.GONE,
    }
    assert "no-such-stage was not one of" in outcomes[bad.id].reason


def test_a_rule_of_the_accounts_admin_refuses_in_its_own_words(
    connect: Callable[..., Crm], control: Control
):
    here, there = (ref(seed(control, properties=DEAL)) for _ in range(2))
    control.post(
        "hubspot/rules", object="deals", stage="qualifiedtobuy", required=["amount"]
    )
    writes = [
        setting(here, stage="qualifiedtobuy"),
        setting(there, stage="presentationscheduled"),
    ]
    outcomes = connect(api_version="2026-09").write(writes, FIELDS)
    assert outcomes[here.id].kind is OutcomeKind.REFUSED
    assert "amount is required" in outcomes[here.id].reason
    assert outcomes[there.id].kind is OutcomeKind.DONE
    outcomes = connect(api_version="2026-03").write(writes, FIELDS)
    assert outcomes[here.id].kind is OutcomeKind.DONE


def test_a_batch_that_is_refused_whole_is_cut_until_the_bad_row_stands_alone(
    crm: Crm, control: Control, requests: Requests
):
    refs = [ref(one) for one in seed_many(control, 8)]
    control.post(
        "faults", kind="status", path="batch/update", status=400, message="No."
    )
    outcomes = crm.write([setting(one, amount=5.0) for one in refs], FIELDS)
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.DONE}
    control.post("faults", kind="status", path="batch/update", status=400, count=None)
    requests.clear()
    outcomes = crm.write([setting(one, amount=5.0) for one in refs], FIELDS)
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.REFUSED}
    assert len(requests.operations()) == 15


def test_two_writes_to_one_record_go_in_two_batches(crm: Crm, deal: RecordRef):
    writes = [setting(deal, "one", amount=1.0), setting(deal, "two", amount=2.0)]
    outcomes = crm.write(writes, FIELDS)
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.DONE}
    assert crm.read([deal], FIELDS)[deal].fields[AMOUNT] == 2.0


def test_a_write_whose_answer_is_lost_is_unknown_and_not_repeated(
    crm: Crm, deal: RecordRef, control: Control, requests: Requests
):
    crm.read([deal], FIELDS)
    for kind in ("lose", "drop"):
        control.post("faults", kind=kind, path="batch/update")
        requests.clear()
        outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
        assert outcomes[deal.id].kind is OutcomeKind.UNKNOWN
        assert len(requests.operations()) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_hubspot_stumbled_over_is_unknown_and_not_repeated(
    crm: Crm, deal: RecordRef, control: Control, status: int, requests: Requests
):
    crm.read([deal], FIELDS)
    requests.clear()
    control.post("faults", kind="status", path="batch/update", status=status)
    outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
    assert outcomes[deal.id].kind is OutcomeKind.UNKNOWN
    assert len(requests.operations()) == 1


@pytest.mark.parametrize("status", [423, 429, 503])
def test_a_write_that_was_turned_away_at_the_door_is_repeated(
    crm: Crm, deal: RecordRef, control: Control, status: int, night: Night
):
    control.post("faults", kind="status", path="batch/update", status=status, count=2)
    outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
    assert outcomes[deal.id].kind is OutcomeKind.DONE
    assert len(night.naps) >= 2


def test_a_write_that_is_turned_away_for_ever_has_failed(
    crm: Crm, deal: RecordRef, control: Control
):
    crm.read([deal], FIELDS)
    control.post("faults", kind="status", path="batch/", status=503, count=None)
    outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
    assert outcomes[deal.id].kind is OutcomeKind.FAILED


def test_a_path_that_is_no_longer_served_does_not_mean_that_the_record_is_gone(
    crm: Crm, deal: RecordRef, control: Control
):
    control.post(
        "faults",
        kind="status",
        path="batch/update",
        status=404,
        body={"message": "The requested version does not exist."},
    )
    outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
    assert outcomes[deal.id].kind is OutcomeKind.REFUSED
    assert "version does not exist" in outcomes[deal.id].reason


def test_an_unexpected_success_is_read_like_any_other(
    crm: Crm, deal: RecordRef, control: Control
):
    control.post("faults", kind="restatus", path="batch/create", status=200)
    control.post("faults", kind="restatus", path="batch/update", status=202)
    assert crm.write_notes([note(deal)])["n1"].kind is OutcomeKind.DONE
    outcomes = crm.write([setting(deal, amount=5.0)], FIELDS)
    assert outcomes[deal.id].kind is OutcomeKind.DONE


def test_a_success_that_cannot_be_read_is_unknown(
    crm: Crm, deal: RecordRef, control: Control
):
    for body in ("<html>", "", "[]", {}):
        control.post(
            "faults", kind="status", path="batch/create", status=201, body=body
        )
        assert crm.write_notes([note(deal)])["n1"].kind is OutcomeKind.UNKNOWN


def test_a_token_without_rights_is_told_and_not_taken_for_a_refusal(
    crm: Crm, deal: RecordRef, control: Control
):
    crm.read([deal], FIELDS)
    control.post("hubspot/tokens/scopes", remove=["crm.objects.deals.write"])
    with pytest.raises(Forbidden) as refused:
        crm.write([setting(deal, amount=5.0)], FIELDS)
    assert refused.value.missing == ("crm.objects.deals.write",)
    control.post("hubspot/tokens/expire")
    with pytest.raises(Unauthorized):
        crm.write_notes([note(deal)])


def test_what_became_of_a_first_batch_is_not_lost_when_the_second_is_forbidden(
    crm: Crm, control: Control
):
    refs = [ref(one) for one in seed_many(control, 101)]
    crm.read(refs[:1], FIELDS)
    control.post("faults", kind="status", path="batch/update", status=401, skip=1)
    outcomes = crm.write([setting(one, amount=5.0) for one in refs], FIELDS)
    kinds = [one.kind for one in outcomes.values()]
    assert kinds.count(OutcomeKind.DONE) == 100
    assert kinds.count(OutcomeKind.FAILED) == 1


def test_a_note_hangs_on_its_deal_and_shows_no_key(
    crm: Crm, control: Control, deal: RecordRef
):
    [outcome] = crm.write_notes([note(deal, key="intervention-1")]).values()
    assert outcome.kind is OutcomeKind.DONE
    found = control.get("hubspot/objects/notes", on=f"deals:{deal.id}")["results"]
    assert [one["id"] for one in found] == [outcome.external_id]
    body = found[0]["properties"]["hs_note_body"]
    assert "intervention" not in body
    assert "".join(sign for sign in body if sign.isprintable()) == "<p>Back.</p>"
    assert find_marks(body) == {to_mark("intervention-1")}


def test_a_task_is_due_for_its_owner(crm: Crm, control: Control, deal: RecordRef):
    [outcome] = crm.create_tasks([task(deal)]).values()
    found = stored(control, "tasks", outcome.external_id)
    assert found["hs_task_subject"] == "Call Acme"
    assert found["hs_timestamp"] == "2026-12-01T12:00:00Z"
    assert found["hubspot_owner_id"] == "600000001"
    assert found["hs_task_priority"] == "HIGH"
    assert found["hs_task_status"] == "NOT_STARTED"
    assert crm.completed_tasks([outcome.external_id, "7"]) == frozenset()
    control.post("hubspot/complete", id=outcome.external_id, user=REP)
    assert crm.completed_tasks([outcome.external_id]) == {outcome.external_id}


@pytest.mark.parametrize("kind", list(Kind))
def test_notes_and_tasks_are_found_by_their_keys_on_every_kind(
    crm: Crm, control: Control, kind: Kind, deal: RecordRef
):
    contact = seed(control, object="contacts", properties={"email": "a@example.com"})
    company = seed(control, object="companies", properties={"name": "Acme"})
    lead = seed(
        control,
        object="leads",
        properties={"hs_lead_name": "Bos"},
        associations=[{"object": "contacts", "id": contact, "type": 578}],
    )
    ids = {
        Kind.DEAL: deal.id,
        Kind.LEAD: lead,
        Kind.CONTACT: contact,
        Kind.COMPANY: company,
    }
    here = ref(ids[kind], kind)
    notes = crm.write_notes([note(here, "n1"), note(here, "n2")])
    tasks = crm.create_tasks([task(here, "t1")])
    assert crm.find_notes({"n1": here, "n2": here, "n3": here}) == {
        "n1": notes["n1"].external_id,
        "n2": notes["n2"].external_id,
    }
    assert crm.find_tasks({"t1": here, "n1": here}) == {"t1": tasks["t1"].external_id}


def test_a_note_whose_answer_was_lost_is_found_at_once_although_the_index_lags(
    crm: Crm, control: Control, deal: RecordRef
):
    control.post("hubspot/settings", index_lag_ms=3_600_000)
    control.post("faults", kind="lose", path="notes/batch/create")
    assert crm.write_notes([note(deal)])["n1"].kind is OutcomeKind.UNKNOWN
    assert set(crm.find_notes({"n1": deal})) == {"n1"}
    control.post("faults", kind="drop", path="tasks/batch/create")
    assert crm.create_tasks([task(deal)])["t1"].kind is OutcomeKind.UNKNOWN
    assert crm.find_tasks({"t1": deal}) == {}


def test_a_task_of_a_lead_whose_answer_was_lost_hangs_on_it_all_the_same(
    crm: Crm, control: Control
):
    contact = seed(control, object="contacts", properties={"email": "a@example.com"})
    lead = ref(
        seed(
            control,
            object="leads",
            properties={"hs_lead_name": "Bos"},
            associations=[{"object": "contacts", "id": contact, "type": 578}],
        ),
        Kind.LEAD,
    )
    control.post("faults", kind="lose", path="tasks/batch/create")
    assert crm.create_tasks([task(lead)])["t1"].kind is OutcomeKind.UNKNOWN
    assert set(crm.find_tasks({"t1": lead})) == {"t1"}


def test_a_note_on_a_record_that_is_gone_says_so_and_the_others_are_made(
    crm: Crm, control: Control, deal: RecordRef
):
    gone = ref(seed(control, properties=DEAL))
    control.post("hubspot/delete", object="deals", id=gone.id)
    outcomes = crm.write_notes([note(deal, "here"), note(gone, "gone")])
    assert outcomes["here"].kind is OutcomeKind.DONE
    assert outcomes["gone"].kind is OutcomeKind.GONE


def test_a_note_that_cannot_be_hung_on_its_lead_is_taken_back(
    crm: Crm, control: Control
):
    contact = seed(control, object="contacts", properties={"email": "a@example.com"})
    lead = seed(
        control,
        object="leads",
        properties={"hs_lead_name": "Bos"},
        associations=[{"object": "contacts", "id": contact, "type": 578}],
    )
    control.post("faults", kind="status", path="notes/leads/labels", status=403)
    control.post(
        "faults", kind="status", path="associate/default", status=503, count=None
    )
    outcomes = crm.write_notes([note(ref(lead, Kind.LEAD))])
    assert outcomes["n1"].kind is OutcomeKind.FAILED
    assert control.get("hubspot/objects/notes")["results"] == []


def test_three_hundred_returns_with_note_and_task_take_nine_requests(
    crm: Crm, control: Control, requests: Requests
):
    refs = [ref(one) for one in seed_many(control, 300)]
    crm.read(refs[:1], FIELDS)
    requests.clear()
    outcomes = [
        *crm.write(
            [setting(one, stage="qualifiedtobuy") for one in refs], FIELDS
        ).values(),
        *crm.write_notes([note(one, one.id) for one in refs]).values(),
        *crm.create_tasks([task(one, one.id) for one in refs]).values(),
    ]
    assert {one.kind for one in outcomes} == {OutcomeKind.DONE}
    assert sorted(requests.operations()) == [
        *["deals.batch.update"] * 3,
        *["notes.batch.create"] * 3,
        *["tasks.batch.create"] * 3,
    ]


def test_a_storm_of_a_thousand_changes_takes_at_most_38_requests(
    crm: Crm, control: Control, requests: Requests
):
    refs = [ref(one) for one in seed_many(control, 1000)]
    wrong = refs[:300]
    control.post(
        "hubspot/log", kind="meeting", on={"object": "deals", "id": wrong[0].id}
    )
    requests.clear()
    crm.read(refs, FIELDS)
    gates = frozenset({EvidenceKind.MEETINGS, EvidenceKind.QUOTES})
    crm.evidence(refs, gates, NOON)
    crm.trace(wrong, FIELDS)
    crm.write([setting(one, stage="qualifiedtobuy") for one in wrong], FIELDS)
    crm.write_notes([note(one, one.id) for one in wrong])
    crm.create_tasks([task(one, one.id) for one in wrong])
    assert len(requests.operations()) <= 38


def test_a_note_made_in_a_batch_belongs_to_its_own_record(crm: Crm, control: Control):
    refs = [ref(one) for one in seed_many(control, 30)]
    outcomes = crm.write_notes([note(one, one.id) for one in refs])
    for one in refs:
        [found] = control.get("hubspot/objects/notes", on=f"deals:{one.id}")["results"]
        assert found["id"] == outcomes[one.id].external_id


def test_a_moment_to_the_second_survives(crm: Crm, control: Control, deal: RecordRef):
    at = NOON + timedelta(seconds=7)
    [outcome] = crm.write_notes([Note(key="k", on=deal, at=at, html="plain")]).values()
    found = stored(control, "notes", outcome.external_id)
    assert found["hs_timestamp"] == "2026-12-01T12:00:07Z"
