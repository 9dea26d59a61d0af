import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from adapters.ports import HeardKind, Inbound
from adapters.salesforce import API_VERSION, open_source
from adapters.salesforce.grants import SCOPES
from adapters.salesforce.kinds import KINDS, TYPES
from adapters.salesforce.links import LINKS
from adapters.salesforce.permissions import APART, BASIC, BY_ANOTHER, BY_PERMISSION
from adapters.salesforce.project import PERMISSION_SET, QUOTES, to_files
from adapters.salesforce.rights import RIGHTS, WRITTEN, Access
from adapters.sandbox.salesforce.field_table import fields_of
from connector.vendors import CRMS
from rules.model import ActorClass, FieldName, Kind, PropertyName
from tests.salesforce.project_shape import NAMESPACE, faults
from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import seed_deal
from tests.sandbox.salesforce.test_outbound import Listener, listener

__all__ = ["control", "listener", "running", "sandbox"]

URL = "https://slagboom.example.com/webhooks/salesforce/acme/SLAGBOOM_WEBHOOK_SECRET"
REDIRECT = "https://slagboom.example.com/oauth/salesforce"
FLOW = "force-app/main/default/flows/Slagboom_Opportunity.flow-meta.xml"
WORKFLOW = "force-app/main/default/workflows/Opportunity.workflow-meta.xml"
APP = "external-client-app/main/default/externalClientApps/Slagboom.eca-meta.xml"
MEMBER = (
    "change-events/main/default/platformEventChannelMembers/"
    "ChangeEvents_LeadChangeEvent.platformEventChannelMember-meta.xml"
)
FIELDS = {
    FieldName("decision_maker"): PropertyName("Decision_Maker__c"),
    FieldName("amount"): PropertyName("Amount"),
    # As in a document that no account was asked about.
    FieldName("next_step"): PropertyName("next_step"),
    FieldName("lost_reason"): PropertyName("lost_reason"),
    FieldName("Region__c"): PropertyName("Region__c"),
}


def files(**other: Any) -> Mapping[str, str]:
    words = {"webhook_url": URL, "redirect_uri": REDIRECT, "fields": {}, "restored": {}}
    return to_files(**(words | other))


def root(made: Mapping[str, str], path: str) -> Element:
    return fromstring(made[path])


def texts(element: Element, *path: str) -> list[str]:
    found = element.findall("/".join(NAMESPACE + step for step in path))
    return [one.text or "" for one in found]


@pytest.mark.parametrize(
    "made",
    [
        files(),
        files(
            fields={Kind.DEAL: FIELDS, Kind.LEAD: {}},
            restored={Kind.DEAL: frozenset({PropertyName("Amount")})},
        ),
        files(redirect_uri=f"{REDIRECT}?a=1&b=<2>\"'"),
    ],
    ids=["no policy", "policies", "an awkward address"],
)
def test_salesforce_would_take_the_project(made: Mapping[str, str]):
    assert faults(made) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (FLOW, "<status>Active</status>", ""),
        (FLOW, "<status>Active</status>", "<status>On</status>"),
        (FLOW, "http://soap.sforce.com", "http://example.com"),
        (FLOW, "</Flow>", ""),
        (FLOW, "<label>Tell Slagboom</label>", "<lable>Tell Slagboom</lable>"),
        (FLOW, "<locationX>176</locationX>", "<locationX>left</locationX>"),
        (FLOW, "RecordAfterSave", "RecordBeforeDelete"),
        (FLOW, "<targetReference>Tell", "<targetReference>Ask"),
        (FLOW, "<actionName>Opportunity.", "<actionName>Account."),
        (FLOW, "<nameSegment>Opportunity.", "<nameSegment>Lead."),
        (FLOW, "<object>Opportunity", "<object>Lead"),
        (FLOW, "$Permission.Slagboom", "$Permission.Other"),
        (FLOW, "<apiVersion>67.0</apiVersion>", "<apiVersion>67.0</apiVersion>" * 2),
        (WORKFLOW, "<fullName>Slagboom_", "<fullName>Other_"),
        (WORKFLOW, "<endpointUrl>https:", "<endpointUrl>ftp:"),
        (WORKFLOW, "<protected>false</protected>", ""),
        (WORKFLOW, "<protected>", "<fields>Name</fields><protected>"),
        (WORKFLOW, "<protected>false", "<protected>no"),
        (WORKFLOW, "<includeSessionId>false</includeSessionId>", ""),
        (WORKFLOW, "SLAGBOOM_INTEGRATION_USER", "SLAGBOOM_SOMEBODY"),
        (WORKFLOW, "SLAGBOOM_WEBHOOK_SECRET", "s3cr3t"),
        (PERMISSION_SET, "<name>Slagboom</name>", "<name>Other</name>"),
        (PERMISSION_SET, "<allowRead>true", "<allowRead>false"),
        (PERMISSION_SET, "<readable>true", "<readable>false"),
        (PERMISSION_SET, "<field>Event.WhoId", "<field>Event.Location"),
        (PERMISSION_SET, "<field>Task.Type", "<field>Task.Status"),
        (PERMISSION_SET, "<object>Lead", "<object>Account"),
        (PERMISSION_SET, "<object>Contact", "<object>Case"),
        (QUOTES, "<object>Opportunity", "<object>Case"),
        (PERMISSION_SET, "<label>Slagboom</label>", ""),
        (APP, "<distributionState>Local", "<distributionState>Packageable"),
        (APP, "SLAGBOOM_CONTACT_EMAIL", ""),
        (MEMBER, "LeadChangeEvent", "CaseChangeEvent"),
        (MEMBER, "</eventChannel>", "</eventChannel><isActive>true</isActive>"),
        ("sfdx-project.json", '"force-app"', '"app"'),
        ("sfdx-project.json", '"default": true', '"default": false'),
        ("sfdx-project.json", '"name"', '"title"'),
        ("sfdx-project.json", '"replaceWithEnv"', '"replaceWith"'),
        ("sfdx-project.json", "{", ""),
    ],
)
def test_a_project_that_is_spoilt_is_noticed(path: str, old: str, new: str):
    made = files(
        fields={Kind.DEAL: FIELDS},
        restored={Kind.DEAL: frozenset({PropertyName("Amount")})},
    )
    assert old in made[path]
    if path == PERMISSION_SET and "readable" in old:
        # Of a field that is written.
        before, written, after = made[path].rpartition("<editable>true")
        spoilt = before + written + after.replace(old, new, 1)
    else:
        spoilt = made[path].replace(old, new, 1)
    assert faults({**made, path: spoilt}) != []


@pytest.mark.parametrize(
    "gone",
    [
        "sfdx-project.json",
        WORKFLOW,
        APP,
        PERMISSION_SET,
        "force-app/main/default/customPermissions/Slagboom.customPermission-meta.xml",
    ],
)
def test_a_file_that_others_need_is_missed(gone: str):
    assert faults({path: text for path, text in files().items() if path != gone}) != []


@pytest.mark.parametrize(
    "place",
    [
        FLOW.replace("/flows/", "/flow/"),
        FLOW.replace("Slagboom_Opportunity", "Slagboom__Opportunity"),
        FLOW.replace(".flow-", ".flows-"),
        FLOW.replace("force-app", "app"),
    ],
)
def test_a_file_in_the_wrong_place_is_noticed(place: str):
    made = dict(files())
    made[place] = made.pop(FLOW)
    assert faults(made) != []


def test_the_address_is_that_of_the_installation_whatever_is_in_it():
    awkward = "https://example.com/a?b=1&c=<d>\"'/SLAGBOOM_WEBHOOK_SECRET"
    made = files(webhook_url=awkward, redirect_uri=awkward)
    for path in (one for one in made if ".workflow-" in one):
        [address] = texts(root(made, path), "outboundMessages", "endpointUrl")
        assert address == awkward
    [app] = [one for one in made if ".ecaGlblOauth-" in one]
    assert texts(root(made, app), "callbackUrl") == [awkward]


def test_every_object_that_leads_to_a_record_tells_of_its_changes():
    made = files()
    flows = {
        texts(root(made, path), "start", "object")[0]: root(made, path)
        for path in made
        if ".flow-" in path
    }
    # A flow cannot send a message for these two; the sweep and the stream hear of them.
    assert flows.keys() == {*KINDS, *LINKS} - {"EmailMessage", "OpportunityContactRole"}
    for name in flows:
        [path] = [one for one in made if one.endswith(f"/{name}.workflow-meta.xml")]
        sent = texts(root(made, path), "outboundMessages", "fields")
        assert set(sent) == {
            *("Id", "LastModifiedById", "SystemModstamp"),
            *LINKS.get(name, ()),
        }


def test_what_our_own_user_changes_is_left_out():
    made = files()
    granted = texts(root(made, PERMISSION_SET), "customPermissions", "name")
    flows = [one for one in made if ".flow-" in one]
    assert len(flows) >= len(KINDS)
    for path in flows:
        [formula] = texts(root(made, path), "start", "filterFormula")
        assert formula == f"NOT({{!$Permission.{granted[0]}}})"


def test_a_message_with_these_fields_is_heard_in_full(
    control: Control, listener: Listener
):
    sent = texts(root(files(), WORKFLOW), "outboundMessages", "fields")
    deal = seed_deal(control)
    control.post("salesforce/outbound", fields=sent, target_url=listener.url)
    control.post(
        "salesforce/act", id=deal, user=REP, fields={"StageName": "Closed Won"}
    )
    assert control.post("salesforce/outbound/flush")["done"]
    [(headers, body)] = listener.posts
    organization = re.search(rb"<OrganizationId>(\w+)<", body)[1].decode()
    source = open_source(
        secrets=["secret"], organization_id=organization, secret="secret"
    )
    now = datetime.now(UTC)  # noqa: TID251
    kept = source.check(Inbound("POST", listener.url, headers, body, now))
    [heard] = source.hear(kept)
    assert (heard.kind, heard.ref.id) == (HeardKind.CHANGED, deal)
    assert heard.actor.kind is ActorClass.PERSON
    assert heard.occurred_at.year == now.year


def rights_of(element: Element) -> set[tuple[str, Access]]:
    """Return what the set allows on objects, besides seeing all of their records."""
    flags = {
        "allowRead": Access.READ,
        "allowCreate": Access.CREATE,
        "allowEdit": Access.EDIT,
    }
    return {
        (one.findtext(f"{NAMESPACE}object") or "", access)
        for one in element.findall(f"{NAMESPACE}objectPermissions")
        for flag, access in flags.items()
        if one.findtext(NAMESPACE + flag) == "true"
    }


def test_the_sets_grant_the_rights_that_the_adapter_needs_and_no_others():
    made = files()
    needed = {(right.object, right.access) for right in RIGHTS}
    by_object = {
        (name, access)
        for name, access in needed - BY_PERMISSION.keys()
        if name not in BY_ANOTHER
    }
    granted, apart = (rights_of(root(made, path)) for path in (PERMISSION_SET, QUOTES))
    assert granted | apart == by_object
    assert granted == {one for one in by_object if one[0] not in APART}
    permissions = {one for right in needed for one in BY_PERMISSION.get(right, ())}
    named = set(texts(root(made, PERMISSION_SET), "userPermissions", "name"))
    assert named == permissions | {BASIC}
    assert texts(root(made, QUOTES), "userPermissions") == []
    for path in (PERMISSION_SET, QUOTES):
        for excess in ("allowDelete", "modifyAllRecords"):
            assert set(texts(root(made, path), "objectPermissions", excess)) == {
                "false"
            }


def fields_in(made: Mapping[str, str], path: str = PERMISSION_SET) -> dict[str, bool]:
    """Return the fields that a set grants, and whether they may be written."""
    names = texts(root(made, path), "fieldPermissions", "field")
    written = texts(root(made, path), "fieldPermissions", "editable")
    return dict(zip(names, (one == "true" for one in written), strict=True))


def test_no_field_is_granted_that_the_organization_requires():
    for path in (PERMISSION_SET, QUOTES):
        granted = fields_in(files(), path)
        assert granted
        for name in granted:
            object_, _, field = name.partition(".")
            found = fields_of(object_).get(field)
            assert found is None or not found.is_required, name


def test_every_usual_field_is_read_and_those_of_a_return_are_written():
    granted = fields_in(files())
    for type_ in (TYPES[kind] for kind in (Kind.DEAL, Kind.LEAD)):
        for name in type_.builtin.values():
            always = {"Name", "CurrencyIsoCode", "LastActivityDate", "Company"}
            is_always = name in {*always, "FirstName", "LastName", *WRITTEN}
            assert f"{type_.name}.{name}" in granted or is_always, name
    assert {name for name, is_written in granted.items() if is_written} == {
        "Opportunity.Probability",
        "Task.ActivityDate",
        # What is right for tasks is so for events, which nobody may edit all the same.
        *(
            f"{object_}.{name}"
            for object_ in ("Event", "Task")
            for name in ("Description", "WhatId", "WhoId")
        ),
    }
    permissions = texts(root(files(), PERMISSION_SET), "userPermissions", "name")
    assert "EditEvent" not in permissions


def test_fields_that_policies_name_are_read_and_those_put_back_are_written():
    amount = frozenset({PropertyName("Amount")})
    granted = fields_in(files(fields={Kind.DEAL: FIELDS}, restored={Kind.DEAL: amount}))
    in_a_draft = frozenset({PropertyName("amount")})
    assert granted == fields_in(
        files(fields={Kind.DEAL: FIELDS}, restored={Kind.DEAL: in_a_draft})
    )
    assert granted["Opportunity.Decision_Maker__c"] is False
    assert granted["Opportunity.Amount"] is True
    assert granted["Opportunity.NextStep"] is False
    assert granted["Opportunity.Region__c"] is False
    assert "Opportunity.next_step" not in granted
    # Salesforce has no field of its own for it, and a draft names none.
    assert not [name for name in granted if "lost_reason" in name.lower()]


def test_the_app_may_do_what_signing_in_asks_for():
    [path] = [one for one in files() if ".ecaOauth-" in one]
    [scopes] = texts(root(files(), path), "commaSeparatedOauthScopes")
    words = {"api": "Api", "refresh_token": "RefreshToken"}
    assert scopes.split(",") == [words[scope] for scope in SCOPES]


def test_the_change_events_are_those_that_are_listened_to_and_no_more_than_are_free():
    made = files()
    selected = {
        texts(root(made, path), "selectedEntity")[0].removesuffix("ChangeEvent")
        for path in made
        if ".platformEventChannelMember-" in path
    }
    [listened_to] = [
        option.default
        for option in CRMS["salesforce"].options
        if option.name == "pubsub_objects"
    ]
    assert sorted(selected) == sorted(listened_to.split(","))
    assert selected >= KINDS.keys()
    assert selected <= {*KINDS, *LINKS}
    # An organization selects five objects without paying for more.
    assert len(selected) <= 5


def test_everything_is_of_the_version_of_the_api_that_we_speak():
    versions = {
        version
        for text in files().values()
        for version in re.findall(r"piVersion\W+([0-9.]+)", text)
    }
    assert versions == {API_VERSION}


def test_no_secret_and_no_key_is_in_any_file():
    for path, text in files().items():
        assert not re.search(r"consumer(Key|Secret)>", text), path
    replaced = json.loads(files()["sfdx-project.json"])["replacements"]
    assert {one["replaceWithEnv"] for one in replaced} == {
        "SLAGBOOM_CONTACT_EMAIL",
        "SLAGBOOM_INTEGRATION_USER",
        "SLAGBOOM_WEBHOOK_SECRET",
    }
