from collections.abc import Callable

import pytest

from adapters.ports import Crm
from adapters.salesforce.rights import RIGHTS, WRITTEN
from rules.model import FieldType, Kind, Noun
from tests.hubspot.kit import Requests
from tests.salesforce.kit import FIRST, LATER, SECOND
from tests.sandbox.kit import MANAGER, REP, Control


def test_record_types_are_pipelines_with_the_stages_that_they_offer(
    crm: Crm, control: Control
):
    control.post(
        "salesforce/seed",
        record_types=[
            {"object": "Opportunity", "name": "Big", "values": [FIRST, LATER]},
            {"object": "Opportunity", "name": "Small", "values": [FIRST]},
            {"object": "Lead", "name": "Warm"},
        ],
    )
    about = crm.account([Kind.DEAL, Kind.LEAD]).kinds
    offered = {
        pipeline.label: [stage.id for stage in pipeline.stages]
        for pipeline in about[Kind.DEAL].pipelines
    }
    assert offered["Big"] == [FIRST, LATER]
    assert offered["Small"] == [FIRST]
    assert offered["Master"][:2] == [FIRST, SECOND]
    assert [one.label for one in about[Kind.LEAD].pipelines] == ["Warm", "Master"]


def test_a_record_type_that_does_not_tell_offers_every_stage(
    crm: Crm, control: Control
):
    control.post(
        "salesforce/seed",
        record_types=[{"object": "Opportunity", "name": "Big", "values": [FIRST]}],
    )
    control.post("faults", kind="status", status=404, path="/ui-api/", count=None)
    big, _ = crm.account([Kind.DEAL]).kinds[Kind.DEAL].pipelines
    assert len(big.stages) > 5


def test_a_stage_that_was_switched_off_stays_known(crm: Crm, control: Control):
    control.post("salesforce/stages/retire", stage=SECOND)
    [pipeline] = crm.account([Kind.DEAL]).kinds[Kind.DEAL].pipelines
    assert [one.id for one in pipeline.stages if one.is_archived] == [SECOND]


def test_records_are_called_what_their_users_call_them(crm: Crm):
    nouns = crm.account([Kind.DEAL]).nouns
    assert nouns == {Kind.DEAL: Noun.OPPORTUNITY, Kind.COMPANY: Noun.ACCOUNT}


def test_people_and_companies_move_through_nothing(crm: Crm):
    about = crm.account([Kind.CONTACT, Kind.COMPANY]).kinds
    assert [one.pipelines for one in about.values()] == [(), ()]
    assert about[Kind.CONTACT].builtin["email"] == "Email"


def test_fields_have_types_and_some_may_only_be_read(crm: Crm, control: Control):
    control.post(
        "salesforce/fields", object="Opportunity", field="NextStep", access="read"
    )
    about = crm.account([Kind.DEAL]).kinds[Kind.DEAL]
    found = {one.name: one for one in about.properties}
    assert found["Probability"].type is FieldType.NUMBER
    assert found["NextStep"].is_read_only
    assert found["IsWon"].is_read_only
    assert not found["Amount"].is_read_only
    assert found["NextStep"].is_free_text
    assert not found["LeadSource"].is_free_text, "it is chosen from a list"
    assert not found["AccountId"].is_free_text, "it refers to something"


def test_everybody_is_known_with_who_leads_them(crm: Crm, control: Control):
    control.post("salesforce/seed", users=[{"email": REP, "manager": MANAGER}])
    people = {one.email: one for one in crm.people()}
    assert people[REP].manager == people[MANAGER].owner
    assert people[MANAGER].manager is None


def test_automatic_users_are_nobody(crm: Crm, control: Control):
    robot = {"email": "flow@example.com", "type": "AutomatedProcess"}
    control.post("salesforce/seed", users=[robot])
    assert "flow@example.com" not in {one.email for one in crm.people()}


def test_people_are_remembered_for_a_while(crm: Crm, requests: Requests):
    crm.people()
    requests.clear()
    crm.people()
    assert requests.operations() == []


def bad(crm: Crm) -> list[str]:
    return [line.what for line in crm.probe().lines if not line.is_ok]


def test_a_probe_looks_at_every_right_and_changes_nothing(crm: Crm, requests: Requests):
    requests.clear()
    probe = crm.probe()
    assert probe.is_ok
    assert {line.what for line in probe.lines} >= {
        f"{right.object}: {right.purpose}" for right in RIGHTS
    }
    assert requests.operations() == [
        "oauth.token",
        "describeGlobal",
        "Opportunity.describe",
        "User.describe",
    ]


@pytest.mark.parametrize("name", ["Task", "Opportunity"])
def test_a_right_to_write_that_is_missing_is_named(
    crm: Crm, control: Control, name: str
):
    control.post("salesforce/objects/access", object=name, access="read")
    [what] = bad(crm)
    assert what.startswith(f"{name}: ")


@pytest.mark.parametrize("field", WRITTEN)
def test_a_field_that_a_return_may_not_set_is_named(
    crm: Crm, control: Control, field: str
):
    control.post("salesforce/fields", object="Opportunity", field=field, access="read")
    [line] = [line for line in crm.probe().lines if not line.is_ok]
    assert field in line.message
    assert "permission set" in line.message


def test_who_leads_whom_may_be_hidden_and_is_told(crm: Crm, control: Control):
    control.post("salesforce/fields", object="User", field="ManagerId", access="none")
    [line] = [one for one in crm.probe().lines if "who leads whom" in one.what]
    assert line.is_ok
    assert "slagboom people import" in line.message
    people = crm.people()
    assert REP in {one.email for one in people}
    assert {one.manager for one in people} == {None}


def test_what_an_organisation_lacks_is_told_and_no_fault(crm: Crm, control: Control):
    control.post("salesforce/settings", quotes_enabled=False, feeds_enabled=False)
    probe = crm.probe()
    assert probe.is_ok
    told = {line.what.split(":")[0]: line.message for line in probe.lines}
    assert "completed task" in told["FeedItem"]
    assert told["Quote"]


def test_another_organisation_than_was_entered_is_told(
    connect: Callable[..., Crm],
):
    probe = connect(organization_id="00D000000000009").probe()
    assert not probe.is_ok
    assert "00D000000000009" in probe.lines[0].message
    assert len(probe.lines) == 1
