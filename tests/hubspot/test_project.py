import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.hubspot import scopes
from adapters.hubspot.project import APP, BASIC_SCOPE, PROJECT, WEBHOOKS, to_files
from adapters.ports import ChangeSource, Crm, HeardKind
from adapters.sandbox.hubspot.catalog import SCOPES
from rules.model import FieldName, Kind, PropertyName
from tests.hubspot.kit import ref, seed
from tests.hubspot.project_shape import faults
from tests.hubspot.test_deliveries import hear, receiver, source
from tests.sandbox.kit import REP, Control, Receiver

__all__ = ["receiver", "source"]

README = Path(__file__).parents[2] / "README.md"
URL = "https://slagboom.example.com/webhooks/hubspot/acme?a=1&b=\"<'"
NAMED = {FieldName("decision_maker"): PropertyName("decision_maker")}

Change = Callable[[dict[str, Any]], object]


def files(**other: Any) -> Mapping[str, str]:
    return to_files(**({"webhook_url": URL, "fields": {Kind.DEAL: NAMED}} | other))


def subscriptions(made: Mapping[str, str]) -> list[dict[str, Any]]:
    found = json.loads(made[WEBHOOKS])["config"]["subscriptions"]["crmObjects"]
    return list(found)


def properties(made: Mapping[str, str], *, active: bool = True) -> set[str]:
    return {
        one["propertyName"]
        for one in subscriptions(made)
        if "propertyName" in one and one["active"] is active
    }


def subscribe(control: Control, made: Mapping[str, str]) -> None:
    """Give the account's app the subscriptions of the project."""
    asked = [
        {
            "event": one["subscriptionType"],
            "object": one["objectType"],
            "property": one.get("propertyName"),
        }
        for one in subscriptions(made)
        if one["active"]
    ]
    control.post("hubspot/webhooks", subscriptions=asked)


@pytest.mark.parametrize(
    "made",
    [
        files(),
        files(fields={}),
        files(fields={Kind.DEAL: NAMED, Kind.LEAD: NAMED}),
        files(fields={Kind.LEAD: NAMED}, has_leads=False),
        files(fields={}, before=files(fields={Kind.LEAD: {}, Kind.DEAL: NAMED})),
    ],
    ids=["deals", "no policy", "leads", "contacts as leads", "fewer than before"],
)
def test_hubspot_would_take_the_project(made: Mapping[str, str]):
    assert faults(made) == []
    assert json.loads(made[WEBHOOKS])["config"]["settings"]["targetUrl"] == URL


def set_at(*path: Any, to: object) -> Change:
    def change(found: dict[str, Any]) -> None:
        for key in path[:-1]:
            found = found[key]
        found[path[-1]] = to

    return change


FIRST = ("config", "subscriptions", "crmObjects", 0)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (PROJECT, set_at("platformVersion", to="2024.1")),
        (PROJECT, lambda found: found.pop("srcDir")),
        (PROJECT, set_at("srcDir", to="source")),
        (APP, set_at("uid", to="slagboom_webhooks")),
        (APP, set_at("uid", to="has a blank")),
        (APP, set_at("uid", to="x" * 65)),
        (APP, set_at("type", to="webhooks")),
        (APP, set_at("config", "name", to=" Slagboom")),
        (APP, set_at("config", "distribution", to="marketplace")),
        (APP, set_at("config", "auth", "optionalScopes", to=[])),
        (APP, set_at("config", "auth", "requiredScopes", to=["oauth"])),
        (APP, set_at("config", "auth", "requiredScopes", to=[])),
        (APP, lambda found: found["config"]["auth"]["requiredScopes"].append("oauth")),
        (APP, set_at("config", "support", to={})),
        (APP, lambda found: found["config"].pop("description")),
        (WEBHOOKS, set_at("config", "settings", "targetUrl", to="http://a.example")),
        (WEBHOOKS, set_at("config", "settings", "maxConcurrentRequests", to=5)),
        (WEBHOOKS, lambda found: found["config"]["subscriptions"].pop("hubEvents")),
        (WEBHOOKS, set_at(*FIRST, "subscriptionType", to="object.birth")),
        (WEBHOOKS, set_at(*FIRST, "objectType", to="lead")),
        (WEBHOOKS, set_at(*FIRST, "propertyName", to="amount")),
        (WEBHOOKS, set_at(*FIRST, "objectName", to="deal")),
        (WEBHOOKS, set_at(*FIRST, "active", to="yes")),
        (WEBHOOKS, set_at(*FIRST[:-1], 1, to=subscriptions(files())[0])),
    ],
)
def test_a_project_that_is_spoilt_is_noticed(path: str, change: Change):
    spoilt = json.loads(files()[path])
    change(spoilt)
    assert faults({**files(), path: json.dumps(spoilt)}) != []


@pytest.mark.parametrize(
    "place",
    [
        APP.replace("-hsmeta", ""),
        APP.replace("app/app", "app/apps/app"),
        APP.replace("src/", ""),
    ],
)
def test_a_file_in_the_wrong_place_is_noticed(place: str):
    made = dict(files())
    made[place] = made.pop(APP)
    assert faults(made) != []


def test_more_subscriptions_than_hubspot_takes_are_noticed():
    many = {FieldName(f"f{n}"): PropertyName(f"p{n}") for n in range(1000)}
    assert faults(files(fields={Kind.DEAL: many})) != []


def test_a_file_that_is_missing_is_noticed():
    made = files()
    assert APP in made
    for path in made:
        assert faults({name: text for name, text in made.items() if name != path})


def test_the_scopes_are_those_of_the_readme():
    rows = re.findall(r"(?m)^\| (`crm\.objects\.[^|]+) \|", README.read_text("utf-8"))
    named: set[str] = set()
    for row in rows:
        for first, suffix in re.findall(r"`(crm\.[a-z.]+)`(?: `\.(write)`)?", row):
            named |= (
                {first, first.replace(".read", f".{suffix}")} if suffix else {first}
            )
    assert named == set(scopes.required(with_leads=True))
    asked = json.loads(files(fields={Kind.LEAD: {}})[APP])["config"]["auth"]
    assert set(asked["requiredScopes"]) == named | {BASIC_SCOPE}


def test_the_probe_is_content_with_these_scopes_and_with_none_less(
    crm: Crm, control: Control
):
    asked = scopes.required(with_leads=True)
    control.post("hubspot/tokens/scopes", remove=[*SCOPES, "oauth"])
    control.post("hubspot/tokens/scopes", add=asked)
    lines = crm.probe().lines
    assert all(line.is_ok for line in lines)
    tried = {line.what.split(":")[0] for line in lines} - {"the account"}
    # Who may read leads but not write them is told when a policy on leads does.
    assert tried == set(asked) - {"crm.objects.leads.write"}


def test_every_property_that_a_policy_names_is_told_of(
    source: ChangeSource, control: Control, receiver: Receiver
):
    made = files(fields={Kind.DEAL: {FieldName("next_step"): "hs_next_step"}})
    subscribe(control, made)
    deal = seed(control)
    for name, value in {
        "dealstage": "qualifiedtobuy",
        "amount": 5,
        "closedate": "2027-01-01",
        "hs_next_step": "call",
        "description": "nobody asked",
    }.items():
        control.post("hubspot/act", id=deal, user=REP, properties={name: value})
    heard = [one for one in hear(source, control, receiver) if one.ref == ref(deal)]
    told = {one.property for one in heard if one.kind is HeardKind.CHANGED}
    assert told == {"dealstage", "amount", "closedate", "hs_next_step"}


def test_leads_are_told_of_where_a_policy_follows_them(
    source: ChangeSource, control: Control, receiver: Receiver
):
    subscribe(control, files(fields={Kind.LEAD: {}}))
    contact = seed(control, object="contacts", properties={"email": "a@example.com"})
    lead = seed(
        control,
        object="leads",
        properties={"hs_lead_name": "Bos"},
        associations=[{"object": "contacts", "id": contact, "type": 578}],
    )
    stage = {"hs_pipeline_stage": "connected-stage-id"}
    control.post("hubspot/act", object="leads", id=lead, user=REP, properties=stage)
    heard = hear(source, control, receiver)
    assert {one.ref for one in heard} == {ref(lead, Kind.LEAD)}


@pytest.mark.parametrize("name", ["notes_last_contacted", "hs_lastmodifieddate"])
def test_what_webhooks_may_not_tell_of_is_not_subscribed_to(name: str):
    computed = {FieldName("seen"): PropertyName(name)}
    assert name not in properties(files(fields={Kind.DEAL: computed}))


def test_the_usual_names_are_the_properties_of_the_object_that_has_them():
    usual = {FieldName(name): PropertyName(name) for name in ("close_date", "label")}
    made = files(fields={Kind.DEAL: usual, Kind.LEAD: usual})
    of = {
        kind: {
            one.get("propertyName")
            for one in subscriptions(made)
            if one["objectType"] == kind
        }
        for kind in ("deal", "lead")
    }
    assert "closedate" in of["deal"]
    assert "hs_lead_label" in of["lead"]
    assert not {"close_date", "label"} & (of["deal"] | of["lead"])


def test_a_subscription_that_is_not_wanted_any_more_is_switched_off_not_removed():
    first = files()
    second = files(fields={}, before=first)
    third = files(fields={}, before=second)
    assert properties(second, active=False) == {"decision_maker"}
    assert third == second
    assert files(before=third) == first
