from collections.abc import Callable

import pytest

from adapters.errors import Permanent, Unauthorized
from adapters.hubspot.mapping import to_property
from adapters.ports import Crm
from rules.model import FieldType, Kind
from tests.hubspot.kit import Requests
from tests.sandbox.kit import MANAGER, REP, Control


def test_an_account_tells_its_pipelines_and_what_its_stages_mean(crm: Crm):
    account = crm.account([Kind.DEAL, Kind.LEAD])
    assert account.vendor == "hubspot"
    [sales] = account.kinds[Kind.DEAL].pipelines
    assert (sales.id, sales.label) == ("default", "Sales Pipeline")
    assert [stage.id for stage in sales.stages] == [
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "decisionmakerboughtin",
        "contractsent",
        "closedwon",
        "closedlost",
    ]
    closed = {stage.id: stage.is_won for stage in sales.stages if stage.is_closed}
    assert closed == {"closedwon": True, "closedlost": False}
    [leads] = account.kinds[Kind.LEAD].pipelines
    closed = {stage.label: stage.is_won for stage in leads.stages if stage.is_closed}
    assert closed == {"Qualified": True, "Unqualified": False}


def test_an_archived_stage_is_told_as_such(crm: Crm, control: Control):
    control.post("hubspot/stages/archive", stage="contractsent")
    [sales] = crm.account([Kind.DEAL]).kinds[Kind.DEAL].pipelines
    assert [stage.id for stage in sales.stages if stage.is_archived] == ["contractsent"]


def test_properties_have_types_and_the_computed_ones_are_read_only(
    crm: Crm, control: Control
):
    control.post(
        "hubspot/seed",
        properties={"deals": [{"name": "contract_date", "type": "date"}]},
    )
    deals = crm.account([Kind.DEAL]).kinds[Kind.DEAL]
    found = {one.name: one for one in deals.properties}
    assert found["amount"].type is FieldType.NUMBER
    assert found["closedate"].type is FieldType.INSTANT
    assert found["contract_date"].type is FieldType.DATE
    assert found["hs_is_closed"].type is FieldType.BOOLEAN
    assert found["dealname"].type is FieldType.TEXT
    assert found["hs_is_closed"].is_read_only
    assert not found["amount"].is_read_only
    assert found["dealname"].is_free_text
    assert not found["dealtype"].is_free_text, "it is chosen from a list"
    assert set(deals.builtin.values()) <= set(found)


def test_values_of_a_list_are_known_by_what_people_call_them():
    found = to_property(
        {
            "name": "hs_manual_forecast_category",
            "label": "Forecast category",
            "type": "enumeration",
            "options": [
                {"value": "BEST_CASE", "label": "Best case", "displayOrder": 1},
                {"value": "Commit", "label": "Commit", "displayOrder": 0},
            ],
        }
    )
    assert found.options == {"BEST_CASE": "Best case"}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_built_in_field_is_one_that_the_account_has(crm: Crm, kind: Kind):
    about = crm.account([kind]).kinds[kind]
    assert set(about.builtin.values()) <= {one.name for one in about.properties}


def test_former_colleagues_are_people_too(
    crm: Crm, control: Control, requests: Requests
):
    control.post(
        "users",
        users=[
            {"email": "gone@example.com", "name": "Gerda Gone", "is_active": False},
            *({"email": f"p{number}@example.com"} for number in range(120)),
        ],
    )
    requests.clear()
    people = {one.email: one for one in crm.people()}
    assert len(people) == 123
    assert people[REP].name == "Robin Rep"
    assert people[MANAGER].is_active
    assert not people["gone@example.com"].is_active
    crm.people()
    assert requests.operations() == ["owners.list"] * 3


def test_a_probe_tries_every_right_and_changes_nothing(crm: Crm, control: Control):
    before = control.get("hubspot/account")["records"]
    probe = crm.probe()
    assert probe.is_ok
    assert probe.account == "4711001"
    scopes = {line.what.split(":")[0] for line in probe.lines}
    assert {"crm.objects.deals.write", "crm.objects.contacts.read"} <= scopes
    assert control.get("hubspot/account")["records"] == before


def test_a_probe_names_the_right_that_is_missing(crm: Crm, control: Control):
    gone = ["crm.objects.deals.write", "crm.objects.quotes.read"]
    control.post("hubspot/tokens/scopes", remove=gone)
    probe = crm.probe()
    failed = {line.what: line.message for line in probe.lines if not line.is_ok}
    assert [what.split(":")[0] for what in failed] == [
        "crm.objects.quotes.read",
        "crm.objects.deals.write",
    ]
    assert all(
        scope in message
        for scope, message in zip(sorted(gone)[::-1], failed.values(), strict=True)
    )


def test_leads_and_companies_need_no_right_until_a_policy_follows_them(
    crm: Crm, control: Control
):
    optional = ["crm.objects.leads.read", "crm.objects.companies.read"]
    control.post("hubspot/tokens/scopes", remove=optional)
    probe = crm.probe()
    assert probe.is_ok
    told = [line.what for line in probe.lines if "Not granted" in line.message]
    assert len(told) == 2


def test_a_probe_of_another_account_says_which_it_is(connect: Callable[..., Crm]):
    probe = connect(portal_id=1).probe()
    assert not probe.is_ok
    assert "account 4711001, not to 1" in probe.lines[0].message


def test_a_probe_with_a_wrong_token_fails_at_once(connect: Callable[..., Crm]):
    [line] = connect(token="wrong").probe().lines
    assert "refused the token" in line.message
    with pytest.raises(Unauthorized):
        connect(token="wrong").people()


def test_an_account_without_leads_is_fine(
    connect: Callable[..., Crm], control: Control
):
    control.post("hubspot/settings", leads_enabled=False)
    probe = connect().probe()
    assert probe.is_ok
    assert any("has no leads" in line.message for line in probe.lines)


@pytest.mark.parametrize("version", ["", "v2", "2026-04", "../v3", "2026-03/../x"])
def test_a_version_that_cannot_be_is_refused(connect: Callable[..., Crm], version: str):
    with pytest.raises(Permanent, match="no version"):
        connect(api_version=version)
