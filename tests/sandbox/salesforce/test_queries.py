from datetime import datetime, timedelta

import pytest

from tests.sandbox.kit import MANAGER, REP, Control
from tests.sandbox.salesforce.kit import Api, seed_deal

MINUTES = timedelta(minutes=5)


def names(api: Api, rest: str) -> list[str]:
    select = "SELECT Name FROM Opportunity"
    return [row["Name"] for row in api.query(f"{select} {rest}")]


@pytest.fixture
def deals(control: Control) -> None:
    rows = [("Alpha", 10, "-5d"), ("beta", None, "-3d"), ("Gamma", 30, "-1d")]
    control.post(
        "salesforce/seed",
        records=[
            {"at": at, "user": REP, "fields": {"Name": name, "Amount": amount}}
            for name, amount, at in rows
        ],
    )


@pytest.mark.usefixtures("deals")
@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("WHERE Name = 'BETA'", ["beta"]),
        ("WHERE Name != 'beta'", ["Alpha", "Gamma"]),
        ("WHERE Amount > 10", ["Gamma"]),
        ("WHERE Amount = null", ["beta"]),
        ("WHERE Amount <> 10", ["beta", "Gamma"]),
        ("WHERE Name LIKE '%a' AND Amount >= 10", ["Alpha", "Gamma"]),
        ("WHERE Name IN ('alpha','beta') ORDER BY Name DESC", ["beta", "Alpha"]),
        ("WHERE Name NOT IN ('alpha')", ["beta", "Gamma"]),
        ("WHERE (Amount = 10 OR Amount = 30) AND IsWon = false", ["Alpha", "Gamma"]),
        ("WHERE NOT Name = 'Alpha'", ["beta", "Gamma"]),
        ("ORDER BY Amount", ["beta", "Alpha", "Gamma"]),
        ("ORDER BY Amount DESC NULLS LAST LIMIT 2", ["Gamma", "Alpha"]),
        ("ORDER BY Name LIMIT 1 OFFSET 1", ["beta"]),
        ("WHERE CreatedDate = LAST_N_DAYS:2", ["Gamma"]),
        ("WHERE CloseDate > TODAY", ["Alpha", "beta", "Gamma"]),
        (f"WHERE Owner.Email = '{REP}' AND Owner.IsActive = TRUE LIMIT 1", ["Alpha"]),
        (f"WHERE Owner.Email = '{MANAGER}'", []),
    ],
)
def test_conditions_choose_rows(api: Api, rest: str, expected: list[str]):
    assert names(api, rest) == expected


@pytest.mark.usefixtures("deals")
def test_a_poll_takes_up_where_it_ended(api: Api):
    order = "ORDER BY SystemModstamp, Id"
    select = "SELECT Id, SystemModstamp FROM Opportunity"
    rows = api.query(f"{select} {order} LIMIT 2")
    last = rows[-1]["SystemModstamp"].replace("+0000", "Z")
    since = (
        f"SystemModstamp > {last} OR "
        f"(SystemModstamp = {last} AND Id > '{rows[-1]['Id']}')"
    )
    assert names(api, f"WHERE {since} {order}") == ["Gamma"]


def test_an_id_is_found_in_both_forms(api: Api, control: Control):
    deal = seed_deal(control)
    assert names(api, f"WHERE Id = '{deal[:15]}'") == ["Acme"]
    assert names(api, f"WHERE Id IN ('{deal}')") == ["Acme"]


def test_text_may_hold_quotes(api: Api, control: Control):
    seed_deal(control, Name="O'Neil \\ Sons")
    assert names(api, r"WHERE Name = 'O\'Neil \\ Sons'") == ["O'Neil \\ Sons"]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity GROUP BY Id", "MALFORMED_QUERY"),
        (
            "SELECT Id FROM Opportunity WHERE IsWon=true AND IsWon=true OR IsWon=true",
            "MALFORMED_QUERY",
        ),
        ("SELECT Nope FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM Opportunity WHERE IsWon = 'true'", "INVALID_FIELD"),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
        ),
        ("SELECT Id FROM Opportunity WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM OpportunityFieldHistory WHERE NewValue='x'", "INVALID_FIELD"),
        (
            "SELECT Id FROM Opportunity WHERE Id = 'x'",
            "INVALID_QUERY_FILTER_OPERATOR",
        ),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, soql: str, code: str):
    assert api.query_refused(soql) == code


def test_long_answers_come_in_pages(api: Api, control: Control):
    bulk = {"object": "Opportunity", "count": 450, "fields": {"Name": "Deal {n}"}}
    control.post("salesforce/seed", bulk=[bulk])
    soql = {"q": "SELECT Name FROM Opportunity"}
    options = {"Sforce_Query_Options": "batchSize=200"}
    page = api.ask("GET", "/query", query=soql, **options).json()
    assert (page["totalSize"], page["done"]) == (450, False)
    seen = [row["Name"] for row in page["records"]]
    while "nextRecordsUrl" in page:
        page = api.get(page["nextRecordsUrl"])
        seen += [row["Name"] for row in page["records"]]
    assert page["done"]
    assert seen == [f"Deal {number}" for number in range(450)]


def test_a_cursor_expires(api: Api, control: Control):
    control.post("salesforce/settings", query_batch=1)
    seed_deal(control)
    seed_deal(control)
    page = api.get("/query", q="SELECT Id FROM Opportunity")
    control.post("salesforce/cursors/expire")
    refused = api.refused("GET", page["nextRecordsUrl"])
    assert refused == (400, "QUERY_LOCATOR_EXPIRED")


def test_deleted_rows_are_found_only_by_those_who_ask(api: Api, control: Control):
    deal = seed_deal(control)
    control.post("salesforce/delete", id=deal, user=REP)
    soql = "SELECT IsDeleted FROM Opportunity"
    assert api.query(soql) == []
    assert api.get("/queryAll", q=soql)["records"][0]["IsDeleted"] is True


def test_rows_are_counted(api: Api, control: Control):
    seed_deal(control)
    found = api.get("/query", q="SELECT COUNT() FROM Opportunity")
    assert found == {"totalSize": 1, "done": True, "records": []}


def test_references_are_nested_and_empty_ones_null(api: Api, control: Control):
    made = control.post(
        "salesforce/seed",
        records=[
            {"key": "acme", "object": "Account", "fields": {"Name": "Acme BV"}},
            {"key": "one", "fields": {"Name": "With", "AccountId": "$acme"}},
            {"key": "two", "fields": {"Name": "Without"}},
            {
                "key": "task",
                "object": "Task",
                "fields": {"Subject": "Hi", "WhatId": "$one"},
            },
        ],
    )
    soql = "SELECT Account.Name, Account.Owner.Name FROM Opportunity ORDER BY Name"
    filled, empty = api.query(soql)
    assert filled["Account"]["Name"] == "Acme BV"
    assert filled["Account"]["Owner"]["Name"] == "Integration"
    assert empty["Account"] is None
    task = api.query("SELECT What.Type, What.Name, AccountId FROM Task")[0]
    assert (task["What"]["Type"], task["What"]["Name"]) == ("Opportunity", "With")
    assert task["AccountId"] == made["ids"]["acme"]


def test_history_has_a_row_for_each_stage_but_no_previous_one(
    api: Api, control: Control
):
    deal = seed_deal(control)
    for stage, at in (("Needs Analysis", "-2d"), ("Closed Won", "-1d")):
        fields = {"StageName": stage}
        control.post("salesforce/act", id=deal, user=REP, at=at, fields=fields)
    rows = api.query(
        "SELECT StageName, CreatedDate, CreatedBy.Email, SystemModstamp, Probability "
        "FROM OpportunityHistory WHERE OpportunityId = ? ORDER BY CreatedDate",
        deal,
    )
    stages = ["Qualification", "Needs Analysis", "Closed Won"]
    assert [row["StageName"] for row in rows] == stages
    assert rows[2]["CreatedBy"]["Email"] == REP
    assert rows[0]["SystemModstamp"] == rows[1]["CreatedDate"]
    assert "PrevStageName" not in api.get("/sobjects/OpportunityHistory/describe")


def test_field_history_is_kept_only_where_it_is_tracked(api: Api, control: Control):
    deal = seed_deal(control)
    fields = {"StageName": "Closed Won"}
    soql = "SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory"
    control.post("salesforce/act", id=deal, user=REP, fields=fields)
    assert api.query(soql) == []
    control.post("salesforce/settings", tracks_stage_history=True)
    fields = {"StageName": "Closed Lost"}
    control.post("salesforce/act", id=deal, user=REP, fields=fields)
    (row,) = api.query(soql)
    assert (row["OldValue"], row["NewValue"]) == ("Closed Won", "Closed Lost")


def test_what_changed_in_a_span_is_listed(api: Api, control: Control):
    deal = seed_deal(control)
    [row] = api.query("SELECT SystemModstamp FROM Opportunity")
    at = datetime.fromisoformat(row["SystemModstamp"])
    # Seconds are not looked at.
    span = {
        name: (at + by).strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, by in {"start": -MINUTES, "end": MINUTES}.items()
    }
    assert api.get("/sobjects/Opportunity/updated/", **span)["ids"] == [deal]
    assert api.get("/sobjects/Opportunity/deleted/", **span)["deletedRecords"] == []
