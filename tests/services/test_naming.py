from datetime import UTC, datetime

import pytest

from connector.services.naming import named_fields, read_draft, restored_fields
from rules.document import DocumentInvalid
from rules.model import Kind

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DOCUMENT = """
version: 1
process: sales
title: Sales
connection: acme
record: deal
pipeline: Sales
goals: {forecast: We know}
fields:
  decision_maker: {hubspot: decision_maker, salesforce: Decision_Maker__c}
  contract_date: Contract_Date__c
stages:
  lead:
  demo: {requires: [decision_maker, next_step, contract_date], goal: forecast}
checks:
  positive: {check: "amount >= 0 && quotes >= 0", on_fail: restore, goal: forecast}
  ahead: {check: "close_date >= today", on_fail: flag, goal: forecast}
follow_ups:
  call:
    record: lead
    goal: forecast
    starts: created
    done_by: [call]
    ladder: [{after: 1d, escalate: manager}]
people: {fallback: ops@example.com}
"""


def test_a_draft_names_the_properties_that_it_gives_for_the_vendor():
    policy = read_draft(DOCUMENT, vendor="salesforce", now=NOW)
    named = named_fields([policy])
    assert named.keys() == {Kind.DEAL, Kind.LEAD}
    assert named[Kind.LEAD] == {}
    assert named[Kind.DEAL].items() >= {
        ("decision_maker", "Decision_Maker__c"),
        ("contract_date", "Contract_Date__c"),
        ("next_step", "next_step"),
        ("amount", "amount"),
        ("close_date", "close_date"),
    }
    other = read_draft(DOCUMENT, vendor="hubspot", now=NOW)
    assert named_fields([other])[Kind.DEAL]["decision_maker"] == "decision_maker"


def test_what_a_check_puts_back_is_told_apart_from_what_it_flags():
    policy = read_draft(DOCUMENT, vendor="salesforce", now=NOW)
    assert restored_fields([policy]) == {Kind.DEAL: frozenset({"amount"})}


def test_the_fields_of_several_policies_are_named_together():
    one = read_draft(DOCUMENT, vendor="salesforce", now=NOW)
    text = DOCUMENT.replace("Decision_Maker__c", "Other__c").replace("amount", "rating")
    other = read_draft(
        text.replace("decision_maker", "someone"), vendor="salesforce", now=NOW
    )
    named = named_fields([one, other])[Kind.DEAL]
    assert {named["decision_maker"], named["someone"]} == {
        "Decision_Maker__c",
        "Other__c",
    }
    assert restored_fields([one, other])[Kind.DEAL] == {"amount", "rating"}


def test_no_policy_names_nothing():
    assert named_fields([]) == {}
    assert restored_fields([]) == {}


def test_a_draft_with_faults_is_refused():
    with pytest.raises(DocumentInvalid):
        read_draft("version: 1", vendor="salesforce", now=NOW)
