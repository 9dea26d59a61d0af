from tests.sandbox.kit import MANAGER, REP, Control
from tests.sandbox.salesforce.kit import Api, seed_deal

DEALS = "/sobjects/Opportunity"


def test_a_row_has_the_fields_that_were_asked_for(api: Api, control: Control):
    deal = seed_deal(control, Amount=100)
    found = api.get(f"{DEALS}/{deal}", fields="Name,Amount,ExpectedRevenue")
    attributes = found.pop("attributes")
    assert attributes["type"] == "Opportunity"
    assert attributes["url"].endswith(deal)
    assert found == {"Name": "Acme", "Amount": 100.0, "ExpectedRevenue": 10.0}


def test_an_id_of_fifteen_characters_means_the_same_row(api: Api, control: Control):
    deal = seed_deal(control)
    assert len(deal) == 18
    assert api.get(f"{DEALS}/{deal[:15]}")["Id"] == deal


def test_a_row_that_is_not_there_or_gone_is_not_found(api: Api, control: Control):
    deal = seed_deal(control)
    assert api.ask("DELETE", f"{DEALS}/{deal}").status == 204
    assert api.refused("GET", f"{DEALS}/{deal}") == (404, "ENTITY_IS_DELETED")
    wrong = api.refused("GET", f"{DEALS}/00QQy0000000001AAA")
    assert wrong == (400, "MALFORMED_ID")
    assert api.refused("GET", "/sobjects/Nothing/1") == (404, "NOT_FOUND")


def test_a_stage_brings_its_probability_and_forecast_along(api: Api, control: Control):
    deal = seed_deal(control, Probability=37)
    body = {"StageName": "Negotiation/Review"}
    assert api.ask("PATCH", f"{DEALS}/{deal}", body).status == 204
    found = api.get(f"{DEALS}/{deal}")
    assert found["Probability"] == 90.0
    assert found["LastStageChangeDate"].endswith(".000+0000")
    api.ask("PATCH", f"{DEALS}/{deal}", {"StageName": "Closed Won"})
    found = api.get(f"{DEALS}/{deal}")
    assert (found["IsClosed"], found["IsWon"]) == (True, True)
    assert found["ForecastCategoryName"] == found["ForecastCategory"] == "Closed"


def test_probability_sent_with_a_stage_stays(api: Api, control: Control):
    deal = seed_deal(control)
    body = {
        "StageName": "Needs Analysis",
        "Probability": 37,
        "ForecastCategoryName": "Best Case",
    }
    api.ask("PATCH", f"{DEALS}/{deal}", body)
    found = api.get(f"{DEALS}/{deal}")
    assert (found["Probability"], found["ForecastCategory"]) == (37.0, "BestCase")


def test_what_salesforce_works_out_cannot_be_written(api: Api, control: Control):
    deal = seed_deal(control)
    for name, value in (("IsClosed", True), ("ExpectedRevenue", 1)):
        refused = api.refused("PATCH", f"{DEALS}/{deal}", {name: value})
        assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_the_amount_of_a_deal_with_products_is_ignored(api: Api, control: Control):
    deal = seed_deal(control)
    control.post("salesforce/products", id=deal, amount=500)
    assert api.ask("PATCH", f"{DEALS}/{deal}", {"Amount": 1}).status == 204
    assert api.get(f"{DEALS}/{deal}")["Amount"] == 500.0


def test_a_guarded_write_is_refused_after_a_change(api: Api, control: Control):
    deal = seed_deal(control)
    read = api.ask("GET", f"{DEALS}/{deal}")
    control.post("clock/advance", seconds=2)
    control.post("salesforce/act", id=deal, user=REP, fields={"Amount": 3})
    body, since = {"StageName": "Prospecting"}, read.headers["Date"]
    refused = api.ask("PATCH", f"{DEALS}/{deal}", body, If_Unmodified_Since=since)
    assert refused.status == 412
    assert api.get(f"{DEALS}/{deal}")["StageName"] == "Qualification"
    since = api.ask("GET", f"{DEALS}/{deal}").headers["Date"]
    taken = api.ask("PATCH", f"{DEALS}/{deal}", body, If_Unmodified_Since=since)
    assert taken.status == 204


def test_a_guard_that_is_no_date_is_refused(api: Api, control: Control):
    deal = seed_deal(control)
    answer = api.ask("PATCH", f"{DEALS}/{deal}", {}, If_Unmodified_Since="soon")
    assert answer.status == 400


def test_a_row_is_made_with_what_it_needs(api: Api):
    answer = api.ask("POST", "/sobjects/Task", {"Subject": "Call back"})
    assert answer.status == 201
    task = api.get(f"/sobjects/Task/{answer.json()['id']}")
    assert (task["Status"], task["Priority"]) == ("Not Started", "Normal")
    assert task["IsClosed"] is False
    assert task["OwnerId"] == task["CreatedById"]


def test_a_row_without_what_it_needs_is_refused(api: Api):
    answer = api.ask("POST", DEALS, {"Name": "Acme"})
    assert answer.status == 400
    assert answer.json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert answer.json()[0]["fields"] == ["StageName", "CloseDate"]


def test_values_that_do_not_fit_are_refused(api: Api, control: Control):
    path = f"{DEALS}/{seed_deal(control)}"
    for body, code in (
        ({"StageName": "Nowhere"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Nope": 1}, "INVALID_FIELD"),
        ({"Amount": "much"}, "JSON_PARSER_ERROR"),
        ({"NextStep": "x" * 256}, "STRING_TOO_LONG"),
        ({"OwnerId": "nobody"}, "MALFORMED_ID"),
        ({"OwnerId": "005Qy0000000001AAA"}, "MALFORMED_ID"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
    ):
        assert api.refused("PATCH", path, body) == (400, code), body


def test_a_task_cannot_go_to_who_has_left(api: Api, control: Control):
    users = control.get("salesforce/org")["users"]
    control.post("users", users=[{"email": REP, "is_active": False}])
    body = {"Subject": "Hello", "OwnerId": users[REP]}
    refused = api.refused("POST", "/sobjects/Task", body)
    assert refused == (400, "INACTIVE_OWNER_OR_USER")


def test_a_validation_rule_refuses_programs_and_people(api: Api, control: Control):
    deal = seed_deal(control)
    control.post(
        "salesforce/rules",
        to=["Closed Won"],
        required=["NextStep"],
        message="Say what comes next.",
        error_field="NextStep",
    )
    answer = api.ask("PATCH", f"{DEALS}/{deal}", {"StageName": "Closed Won"})
    assert answer.status == 400
    assert answer.json() == [
        {
            "message": "Say what comes next.",
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["NextStep"],
        }
    ]
    body = {"StageName": "Closed Won", "NextStep": "Invoice"}
    assert api.ask("PATCH", f"{DEALS}/{deal}", body).status == 204


def test_a_rule_may_forbid_the_way_back(api: Api, control: Control):
    deal = seed_deal(control, StageName="Closed Won")
    control.post("salesforce/rules", **{"from": ["Closed Won"]}, message="Won is won.")
    refused = api.refused("PATCH", f"{DEALS}/{deal}", {"StageName": "Qualification"})
    assert refused == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")


def test_an_approval_locks_its_record_until_it_is_decided(api: Api, control: Control):
    deal = seed_deal(control)
    submit = {"requests": [{"actionType": "Submit", "contextId": deal}]}
    assert api.ask("POST", "/process/approvals", submit).status == 200
    refused = api.refused("PATCH", f"{DEALS}/{deal}", {"Amount": 1})
    assert refused == (400, "ENTITY_IS_LOCKED")
    decide = {"requests": [{"actionType": "Reject", "contextId": deal}]}
    assert api.ask("POST", "/process/approvals", decide).status == 200
    assert api.ask("PATCH", f"{DEALS}/{deal}", {"Amount": 1}).status == 204


def test_a_converted_lead_is_left_alone(api: Api, control: Control):
    fields = {"LastName": "Jansen", "FirstName": "Jo", "Company": "Globex"}
    lead = control.post("salesforce/create", object="Lead", fields=fields)["id"]
    made = control.post("salesforce/convert", id=lead, user=REP)
    found = api.get(f"/sobjects/Lead/{lead}")
    assert (found["Name"], found["IsConverted"]) == ("Jo Jansen", True)
    assert found["ConvertedOpportunityId"] == made["opportunity"]
    refused = api.refused("PATCH", f"/sobjects/Lead/{lead}", {"Rating": "Hot"})
    assert refused == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_a_row_is_made_once_by_its_external_id(api: Api, control: Control):
    key = {"name": "Key__c", "is_external_id": True, "is_unique": True}
    control.post("salesforce/seed", fields={"Task": [key]})
    path = "/sobjects/Task/Key__c/note-1"
    made = api.ask("PATCH", path, {"Subject": "One"})
    assert (made.status, made.json()["created"]) == (201, True)
    again = api.ask("PATCH", path, {"Subject": "Two"})
    assert (again.status, again.json()["created"]) == (200, False)
    assert api.get(path)["Subject"] == "Two"
    refused = api.refused("POST", "/sobjects/Task", {"Key__c": "note-1"})
    assert refused == (400, "DUPLICATE_VALUE")


def test_closing_a_task_makes_the_deal_active_but_not_modified(
    api: Api, control: Control
):
    deal = seed_deal(control)
    before = api.get(f"{DEALS}/{deal}")
    control.post("salesforce/log", kind="call", on=deal, at="-1d", user=REP)
    after = api.get(f"{DEALS}/{deal}")
    assert before["LastActivityDate"] is None
    assert after["LastActivityDate"]
    assert after["LastModifiedDate"] == before["LastModifiedDate"]
    assert after["SystemModstamp"] > before["SystemModstamp"]


def test_an_org_may_lack_quotes_and_feeds(api: Api, control: Control):
    deal = seed_deal(control)
    control.post("salesforce/log", kind="quote", on=deal, user=REP)
    control.post("salesforce/log", kind="post", on=deal, user=REP)
    assert api.query("SELECT Status FROM Quote WHERE OpportunityId = ?", deal)
    control.post("salesforce/settings", quotes_enabled=False, feeds_enabled=False)
    assert api.refused("GET", "/sobjects/Quote/describe") == (404, "NOT_FOUND")
    assert api.query_refused("SELECT Id FROM FeedItem") == "INVALID_TYPE"
    names = [one["name"] for one in api.get("/sobjects")["sobjects"]]
    assert "Opportunity" in names
    assert "Quote" not in names


def test_people_know_their_managers(api: Api, control: Control):
    control.post("salesforce/seed", users=[{"email": REP, "manager": MANAGER}])
    rows = api.query("SELECT Manager.Email FROM User WHERE Email = ?", REP)
    assert rows[0]["Manager"]["Email"] == MANAGER


def test_a_queue_may_own_leads_but_no_deals(api: Api, control: Control):
    queue = control.post("salesforce/seed", queues=["Inbound"])["queues"]["Inbound"]
    lead = {"LastName": "Jansen", "Company": "Globex", "OwnerId": queue}
    assert api.ask("POST", "/sobjects/Lead", lead).status == 201
    soql = "SELECT Owner.Name, Owner.Type FROM Lead"
    assert api.query(soql)[0]["Owner"]["Name"] == "Inbound"
    deal = seed_deal(control)
    refused = api.refused("PATCH", f"{DEALS}/{deal}", {"OwnerId": queue})
    assert refused == (400, "MALFORMED_ID")
