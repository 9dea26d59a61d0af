from typing import Any

import pytest

from tests.sandbox.kit import REP, Control
from tests.sandbox.salesforce.kit import DATA, Api, seed_deal

MANY = "/composite/sobjects"


def row(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": fields.pop("type", "Opportunity")}, **fields}


def codes(results: list[dict[str, Any]]) -> list[str]:
    return ["" if one["success"] else one["errors"][0]["statusCode"] for one in results]


def test_rows_come_in_the_order_asked_for_and_gone_ones_are_null(
    api: Api, control: Control
):
    first, second = seed_deal(control, Name="First"), seed_deal(control, Name="Second")
    control.post("salesforce/delete", id=first)
    body = {"ids": [second, first, "nonsense"], "fields": ["Name"]}
    rows = api.ask("POST", f"{MANY}/Opportunity", body).json()
    assert [one and one["Name"] for one in rows] == ["Second", None, None]
    by_url = api.get(f"{MANY}/Opportunity", ids=second, fields="Name")
    assert by_url == rows[:1]


def test_a_field_that_may_not_be_read_fails_the_whole_call(api: Api, control: Control):
    deal = seed_deal(control)
    control.post(
        "salesforce/fields", object="Opportunity", field="Amount", access="none"
    )
    body = {"ids": [deal], "fields": ["Name", "Amount"]}
    refused = api.refused("POST", f"{MANY}/Opportunity", body)
    assert refused == (400, "INVALID_FIELD")


def test_more_than_two_thousand_rows_are_too_many(api: Api):
    body = {"ids": ["x"] * 2_001, "fields": ["Id"]}
    refused = api.refused("POST", f"{MANY}/Opportunity", body)
    assert refused == (400, "EXCEEDED_ID_LIMIT")


def test_a_refused_row_leaves_the_others_and_the_status(api: Api, control: Control):
    good, gone = seed_deal(control), seed_deal(control)
    control.post("salesforce/delete", id=gone)
    locked = seed_deal(control)
    control.post("salesforce/lock", id=locked)
    rows = [
        row(Id=good, NextStep="Call"),
        row(Id=gone, NextStep="Call"),
        row(Id=locked, NextStep="Call"),
        row(Id="nonsense", NextStep="Call"),
        row(Id=good, StageName="Nowhere"),
    ]
    answer = api.ask("PATCH", MANY, {"records": rows})
    assert answer.status == 200
    assert codes(answer.json()) == [
        "",
        "ENTITY_IS_DELETED",
        "ENTITY_IS_LOCKED",
        "MALFORMED_ID",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]
    assert answer.json()[0] == {"id": good, "success": True, "errors": []}
    assert api.get(f"/sobjects/Opportunity/{good}")["NextStep"] == "Call"


def test_all_or_none_takes_everything_back(api: Api, control: Control):
    deal = seed_deal(control)
    rows = [row(Id=deal, StageName="Closed Won"), row(Id=deal, StageName="Nowhere")]
    body = {"allOrNone": True, "records": rows}
    assert codes(api.ask("PATCH", MANY, body).json()) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]
    assert api.get(f"/sobjects/Opportunity/{deal}")["StageName"] == "Qualification"
    assert len(api.query("SELECT Id FROM OpportunityHistory")) == 1


def test_rows_are_made_and_deleted_together(api: Api, control: Control):
    deal = seed_deal(control)
    rows = [row(type="Task", Subject=f"Task {n}", WhatId=deal) for n in range(200)]
    made = api.ask("POST", MANY, {"records": rows}).json()
    assert codes(made) == [""] * 200
    ids = ",".join(one["id"] for one in made[:2])
    gone = api.ask("DELETE", f"{MANY}?ids={ids}")
    assert codes(gone.json()) == ["", ""]
    left = api.get("/query", q="SELECT COUNT() FROM Task")
    assert left["totalSize"] == 198
    refused = api.refused("POST", MANY, {"records": [*rows, rows[0]]})
    assert refused == (400, "EXCEEDED_ID_LIMIT")


@pytest.mark.parametrize("records", [None, "x", ["x"], [None]])
def test_rows_that_are_none_are_refused(api: Api, records: Any):
    refused = api.refused("POST", MANY, {"records": records})
    assert refused == (400, "JSON_PARSER_ERROR")


def test_types_may_not_alternate_for_long(api: Api):
    rows = [row(type=name, Subject="x") for name in ("Task", "Event") * 6]
    refused = api.refused("POST", MANY, {"records": rows})
    assert refused == (400, "LIMIT_EXCEEDED")


def test_a_planned_fault_strikes_chosen_rows(api: Api, control: Control):
    deal = seed_deal(control)
    control.post("faults", kind="partial", path=MANY, rows=[1])
    rows = [row(Id=deal, Amount=1), row(Id=deal, Amount=2)]
    answer = api.ask("PATCH", MANY, {"records": rows})
    assert answer.status == 200
    assert codes(answer.json()) == ["", "UNABLE_TO_LOCK_ROW"]


def test_the_log_tells_of_which_types_rows_were(api: Api, control: Control):
    control.post("requests/clear")
    api.ask("POST", MANY, {"records": [row(type="Task", Subject="x")] * 3})
    (logged,) = control.get("requests", system="salesforce")["requests"]
    assert (logged["operation"], logged["rows"]) == ("Task.collection.create", 3)


def test_requests_in_one_call_refer_to_each_other(api: Api, control: Control):
    deal = seed_deal(control)
    used = control.get("salesforce/org")["calls_used"]
    requests = [
        {
            "method": "PATCH",
            "url": f"{DATA}/sobjects/Opportunity/{deal}",
            "referenceId": "back",
            "body": {"NextStep": "Call"},
        },
        {
            "method": "POST",
            "url": f"{DATA}/sobjects/Task",
            "referenceId": "task",
            "body": {"Subject": "Hi", "WhatId": deal},
        },
        {
            "method": "GET",
            "url": f"{DATA}/sobjects/Task/@{{task.id}}?fields=Subject",
            "referenceId": "read",
        },
    ]
    answer = api.ask("POST", "/composite", {"compositeRequest": requests}).json()
    found = answer["compositeResponse"]
    assert [one["httpStatusCode"] for one in found] == [204, 201, 200]
    assert found[2]["body"]["Subject"] == "Hi"
    assert control.get("salesforce/org")["calls_used"] == used + 1


def test_one_refusal_takes_back_a_call_of_all_or_none(api: Api, control: Control):
    deal = seed_deal(control)
    url = f"{DATA}/sobjects/Opportunity/{deal}"
    requests = [
        {
            "method": "PATCH",
            "url": f"{DATA}{MANY}",
            "referenceId": "a",
            "body": {"records": [row(Id=deal, NextStep="Call")]},
        },
        {
            "method": "PATCH",
            "url": url,
            "referenceId": "b",
            "body": {"StageName": "Nowhere"},
        },
    ]
    body = {"allOrNone": True, "compositeRequest": requests}
    found = api.ask("POST", "/composite", body).json()["compositeResponse"]
    assert found[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert api.get(f"/sobjects/Opportunity/{deal}")["NextStep"] is None


def test_describe_tells_what_may_be_written(api: Api, control: Control):
    access = {"object": "Opportunity", "field": "NextStep", "access": "read"}
    control.post("salesforce/fields", **access)
    found = api.get("/sobjects/Opportunity/describe")
    fields = {one["name"]: one for one in found["fields"]}
    assert fields["NextStep"]["updateable"] is False
    assert fields["IsClosed"]["updateable"] is False
    assert fields["StageName"]["nillable"] is False
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    stages = [one["value"] for one in fields["StageName"]["picklistValues"]]
    assert stages[0] == "Prospecting"
    deal = seed_deal(control)
    refused = api.refused("PATCH", f"/sobjects/Opportunity/{deal}", {"NextStep": "x"})
    assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_a_record_type_offers_the_stages_of_its_process(api: Api, control: Control):
    one = {"object": "Opportunity", "name": "Renewal"}
    values = ["Qualification", "Closed Won", "Closed Lost"]
    made = control.post("salesforce/seed", record_types=[{**one, "values": values}])
    base = "/ui-api/object-info/Opportunity/picklist-values"
    own = api.get(f"{base}/{made['record_types']['Renewal']}/StageName")
    assert [value["value"] for value in own["values"]] == values
    assert own["values"][1]["attributes"]["won"] is True
    everything = api.get(f"{base}/012000000000000AAA")["picklistFieldValues"]
    assert len(everything["StageName"]["values"]) == 10
    infos = api.get("/sobjects/Opportunity/describe")["recordTypeInfos"]
    assert [info["name"] for info in infos] == ["Renewal", "Master"]


def test_a_retired_stage_is_offered_no_more_but_kept(api: Api, control: Control):
    deal = seed_deal(control)
    control.post("salesforce/stages/retire", stage="Qualification")
    rows = api.query("SELECT ApiName FROM OpportunityStage WHERE IsActive = true")
    assert "Qualification" not in [one["ApiName"] for one in rows]
    assert api.get(f"/sobjects/Opportunity/{deal}")["StageName"] == "Qualification"


def test_the_people_of_a_deal_have_roles(api: Api, control: Control):
    deal = seed_deal(control)
    fields = {"LastName": "Jansen", "Email": "jo@example.com"}
    person = control.post("salesforce/create", object="Contact", fields=fields)["id"]
    role = {"ContactId": person, "Role": "Decision Maker", "IsPrimary": True}
    control.post("salesforce/log", kind="contact", on=deal, user=REP, fields=role)
    found = api.query(
        "SELECT Role, Contact.Email FROM OpportunityContactRole "
        "WHERE OpportunityId IN (?) AND IsPrimary = true",
        deal,
    )
    assert found[0]["Contact"]["Email"] == "jo@example.com"
