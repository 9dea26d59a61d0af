from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import Transient
from adapters.ports import Crm
from adapters.sandbox.hubspot.account import DEFAULT_APP
from rules.model import (
    PROBABILITY,
    ActorClass,
    EvidenceKind,
    FieldName,
    Kind,
    PropertyName,
)
from tests.hubspot.kit import FIELDS, Requests, ref, seed, seed_many
from tests.sandbox.kit import REP, Control

DEAL = {
    "dealname": "Acme",
    "dealstage": "contractsent",
    "amount": 1200.5,
    "closedate": "2026-12-24T09:00:00Z",
    "owner": REP,
}


def test_a_deal_is_read_with_its_fields_in_our_words(crm: Crm, control: Control):
    deal = ref(seed(control, properties=DEAL))
    [found] = crm.read([deal], FIELDS).values()
    assert found.ref == deal
    assert (found.name, found.pipeline, found.stage) == (
        "Acme",
        "default",
        "contractsent",
    )
    assert found.owner == "600000001"
    assert found.fields == {
        "amount": 1200.5,
        "close_date": datetime(2026, 12, 24, 9, tzinfo=UTC),
        "lost_reason": None,
    }
    assert found.url == (
        f"https://app.hubspot.com/contacts/4711001/record/0-3/{deal.id}"
    )
    assert datetime.now(UTC) - found.created_at > timedelta(days=2)  # noqa: TID251


@pytest.mark.parametrize(
    ("stage", "percent"),
    [("closedwon", 100.0), ("closedlost", 0.0), ("appointmentscheduled", 20.0)],
)
def test_the_probability_of_a_stage_is_in_percent(
    crm: Crm, control: Control, stage: str, percent: float
):
    builtin = crm.account([Kind.DEAL]).kinds[Kind.DEAL].builtin
    fields = {PROBABILITY: builtin[PROBABILITY]}
    deal = ref(seed(control, properties={**DEAL, "dealstage": stage}))
    assert crm.read([deal], fields)[deal].fields == {PROBABILITY: percent}


def test_a_record_that_is_gone_is_absent(crm: Crm, control: Control):
    here, gone = seed(control, properties=DEAL), seed(control, properties=DEAL)
    control.post("hubspot/delete", object="deals", id=gone)
    assert set(crm.read([ref(here), ref(gone), ref(7)], FIELDS)) == {ref(here)}


def test_a_row_that_hubspot_could_not_read_is_not_taken_for_gone(
    crm: Crm, control: Control
):
    deal = seed(control, properties=DEAL)
    control.post("faults", kind="partial", path="batch/read", count=None)
    with pytest.raises(Transient, match="could not read everything"):
        crm.read([ref(deal)], FIELDS)


def test_every_kind_has_a_name_a_stage_and_a_pipeline(crm: Crm, control: Control):
    contact = seed(
        control,
        object="contacts",
        properties={"firstname": "Jo", "lastname": "Bos", "lifecyclestage": "lead"},
    )
    nameless = seed(control, object="contacts", properties={"email": "x@example.com"})
    company = seed(control, object="companies", properties={"domain": "acme.test"})
    lead = seed(
        control,
        object="leads",
        properties={"hs_lead_name": "Bos", "hs_pipeline_stage": "new-stage-id"},
        associations=[{"object": "contacts", "id": contact, "type": 578}],
    )
    refs = [
        ref(contact, Kind.CONTACT),
        ref(nameless, Kind.CONTACT),
        ref(company, Kind.COMPANY),
        ref(lead, Kind.LEAD),
    ]
    found = crm.read(refs, {})
    assert [found[one].name for one in refs] == [
        "Jo Bos",
        "x@example.com",
        "acme.test",
        "Bos",
    ]
    assert found[refs[0]].stage == "lead"
    assert found[refs[0]].pipeline == "lifecycle"
    assert found[refs[3]].stage == "new-stage-id"
    assert found[refs[3]].pipeline == "lead-pipeline-id"


def test_a_field_of_the_accounts_own_has_the_type_it_has_there(
    crm: Crm, control: Control
):
    own = {"name": "signed_on", "type": "date"}, {"name": "is_partner", "type": "bool"}
    control.post("hubspot/seed", properties={"deals": list(own)})
    deal = seed(
        control,
        properties={**DEAL, "signed_on": "2026-11-02", "is_partner": True},
    )
    fields = {
        FieldName("signed"): PropertyName("signed_on"),
        FieldName("partner"): PropertyName("is_partner"),
        FieldName("unheard"): PropertyName("not_there"),
    }
    [found] = crm.read([ref(deal)], fields).values()
    assert found.fields == {
        "signed": datetime(2026, 11, 2, tzinfo=UTC).date(),
        "partner": True,
        "unheard": None,
    }


def test_a_thousand_records_take_ten_requests_and_their_path_two_a_hundred(
    crm: Crm, control: Control, requests: Requests
):
    refs = [ref(one) for one in seed_many(control, 1000)]
    crm.read(refs[:1], FIELDS)
    requests.clear()
    assert len(crm.read(refs, FIELDS)) == 1000
    assert requests.operations() == ["deals.batch.read"] * 10
    requests.clear()
    assert len(crm.trace(refs[:300], FIELDS)) == 300
    assert requests.operations() == ["deals.batch.read"] * 6


def test_the_path_of_a_deal_names_who_moved_it(crm: Crm, control: Control):
    deal = seed(control, properties={**DEAL, "dealstage": "appointmentscheduled"})

    def move(stage: str, **words: object) -> None:
        control.post("hubspot/act", id=deal, properties={"dealstage": stage}, **words)

    move("qualifiedtobuy", user=REP)
    move("presentationscheduled", source="workflow")
    move("contractsent", source="integration", app_id=55)
    move("closedwon", source="integration", app_id=DEFAULT_APP)
    [found] = crm.trace([ref(deal)], FIELDS).values()
    assert found.record.stage == "closedwon"
    assert [passage.stage for passage in found.path] == [
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "contractsent",
        "closedwon",
    ]
    actors = [passage.actor for passage in found.path[1:]]
    assert [actor.kind for actor in actors] == [
        ActorClass.PERSON,
        ActorClass.WORKFLOW,
        ActorClass.INTEGRATION,
        ActorClass.OURSELVES,
    ]
    assert actors[0].user_id == "70000001"
    assert actors[2].name == "INTEGRATION 55"
    moments = [passage.entered_at for passage in found.path]
    assert moments == sorted(moments)


def test_evidence_counts_what_was_held_and_tells_past_from_plan(
    crm: Crm, control: Control
):
    deal, bare = seed(control, properties=DEAL), seed(control, properties=DEAL)

    def log(kind: str, at: str, **properties: object) -> None:
        on = {"object": "deals", "id": deal}
        control.post("hubspot/log", kind=kind, on=on, at=at, properties=properties)

    log("call", "-2d")
    log("call", "-1d", hs_call_status="NO_ANSWER")
    log("meeting", "-5d")
    log("meeting", "-4d", hs_meeting_outcome="NO_SHOW")
    log("meeting", "-3d", hs_meeting_outcome="CANCELED")
    log("meeting", "2d", hs_meeting_outcome="SCHEDULED")
    log("email", "-6d")
    log("email", "-1d", hs_email_status="BOUNCED")
    log("quote", "-1d", hs_expiration_date="30d")
    log("quote", "-1d", hs_expiration_date="30d", hs_status="DRAFT")
    seed(
        control,
        object="contacts",
        properties={"email": "jo@example.com"},
        associations=[{"object": "deals", "id": deal}],
    )
    now = datetime.now(UTC)  # noqa: TID251
    found = crm.evidence([ref(deal), ref(bare)], frozenset(EvidenceKind), now)
    tallies = found[ref(deal)].tallies
    counts = {str(kind): tally.count for kind, tally in tallies.items()}
    assert counts == {
        "account_contacts": 0,
        "calls": 1,
        "contacts": 1,
        "emails": 1,
        "emails_sent": 1,
        "meetings": 2,
        "quotes": 1,
        "tasks": 0,
    }

    def days(at: datetime | None) -> int | None:
        return None if at is None else round((at - now) / timedelta(days=1))

    meetings = tallies[EvidenceKind.MEETINGS]
    assert (days(meetings.last_at), days(meetings.next_at)) == (-5, 2)
    assert days(tallies[EvidenceKind.CALLS].last_at) == -2
    assert all(tally.count == 0 for tally in found[ref(bare)].tallies.values())
    assert set(found[ref(bare)].tallies) == set(EvidenceKind)


def test_evidence_that_cannot_be_read_is_an_error_and_no_zero(
    crm: Crm, control: Control
):
    deal = seed(control, properties=DEAL)
    control.post("hubspot/log", kind="call", on={"object": "deals", "id": deal})
    control.post("faults", kind="partial", path="calls/batch/read", count=None)
    with pytest.raises(Transient):
        crm.evidence(
            [ref(deal)],
            frozenset({EvidenceKind.CALLS}),
            datetime.now(UTC),  # noqa: TID251
        )


def test_evidence_of_a_hundred_deals_takes_two_requests_a_kind(
    crm: Crm, control: Control, requests: Requests
):
    ids = seed_many(control, 100)
    for one in ids[:60]:
        control.post("hubspot/log", kind="call", on={"object": "deals", "id": one})
    requests.clear()
    crm.evidence(
        [ref(one) for one in ids],
        frozenset({EvidenceKind.CALLS}),
        datetime.now(UTC),  # noqa: TID251
    )
    assert requests.operations() == [
        "deals.associations.batch.read",
        "calls.batch.read",
    ]


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_one_setting_chooses_the_version_of_every_path(
    connect: Callable[..., Crm], control: Control, version: str
):
    crm = connect(api_version=version)
    deal = ref(seed(control, properties=DEAL))
    control.post("hubspot/log", kind="call", on={"object": "deals", "id": deal.id})
    assert crm.read([deal], FIELDS)
    assert [list(batch) for batch in crm.scan(Kind.DEAL, FIELDS)]
    assert crm.people()
    assert crm.account([Kind.DEAL]).kinds
    assert crm.probe().is_ok
    now = datetime.now(UTC)  # noqa: TID251
    [found] = crm.evidence([deal], frozenset({EvidenceKind.CALLS}), now).values()
    assert found.tallies[EvidenceKind.CALLS].count == 1
    paths = {one["path"] for one in control.get("requests")["requests"]}
    expected = {"v3", "v4"} if version == "v3" else {version}
    assert all(expected & set(path.split("?")[0].split("/")) for path in paths)
