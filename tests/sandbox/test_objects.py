import pytest
from hubspot import HubSpot
from hubspot.crm.deals import (
    ApiException,
    BatchReadInputSimplePublicObjectId,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.deals import BatchInputSimplePublicObjectBatchInput as BatchUpdate
from hubspot.crm.objects.notes import (
    BatchInputSimplePublicObjectBatchInputForCreate as BatchCreate,
)

from adapters.sandbox import Sandbox
from tests.sandbox.kit import REP, Control, seed_deal

PROPERTIES = ["dealname", "dealstage", "amount", "closedate", "hs_is_closed"]


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.hubspot_token, host=sandbox.hubspot_url)


def test_every_value_is_a_text_and_a_missing_one_is_null(
    client: HubSpot, control: Control
):
    deal = seed_deal(control, amount=1200)
    found = client.crm.deals.basic_api.get_by_id(deal, properties=PROPERTIES)
    assert found.properties["amount"] == "1200"
    assert found.properties["closedate"] is None
    assert found.properties["hs_is_closed"] == "false"
    assert found.properties["hs_object_id"] == deal


def test_an_unknown_property_is_left_out_without_a_word(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    found = client.crm.deals.basic_api.get_by_id(deal, properties=["dealname", "nope"])
    assert "nope" not in found.properties


def test_history_names_who_set_which_stage_newest_first(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    control.post(
        "hubspot/act", id=deal, user=REP, properties={"dealstage": "contractsent"}
    )
    found = client.crm.deals.basic_api.get_by_id(
        deal, properties_with_history=["dealstage"]
    )
    newest, oldest = found.properties_with_history["dealstage"]
    assert (newest.value, newest.source_type) == ("contractsent", "CRM_UI")
    assert newest.updated_by_user_id == 70_000_001
    assert newest.source_id == "userId:70000001"
    assert oldest.value == "appointmentscheduled"


def test_winning_a_deal_sets_its_close_date_with_a_version_of_its_own(
    client: HubSpot, control: Control
):
    deal = seed_deal(control, closedate="2031-01-01")
    control.post(
        "hubspot/act", id=deal, user=REP, properties={"dealstage": "closedwon"}
    )
    found = client.crm.deals.basic_api.get_by_id(
        deal,
        properties=[*PROPERTIES, "hs_deal_stage_probability"],
        properties_with_history=["closedate"],
    )
    assert found.properties["hs_is_closed"] == "true"
    assert found.properties["hs_deal_stage_probability"] == "1.0"
    assert not found.properties["closedate"].startswith("2031")
    newest, oldest = found.properties_with_history["closedate"]
    assert newest.source_type == "CALCULATED"
    assert oldest.value == "2031-01-01T00:00:00Z"


def test_moving_between_two_lost_stages_leaves_the_close_date(
    client: HubSpot, control: Control
):
    control.post(
        "hubspot/seed",
        pipelines={
            "deals": [
                {
                    "id": "p2",
                    "stages": [
                        {"id": "open", "probability": 0.2},
                        {"id": "lost1", "probability": 0.0},
                        {"id": "lost2", "probability": 0.0},
                    ],
                }
            ]
        },
    )
    deal = seed_deal(control, pipeline="p2", dealstage="lost1")
    api = client.crm.deals.basic_api
    before = api.get_by_id(deal, properties=["closedate"]).properties["closedate"]
    api.update(deal, SimplePublicObjectInput(properties={"dealstage": "lost2"}))
    after = api.get_by_id(deal, properties=["closedate"]).properties["closedate"]
    assert before == after


def test_a_write_of_the_app_is_marked_with_its_id(client: HubSpot, control: Control):
    deal = seed_deal(control)
    client.crm.deals.basic_api.update(
        deal, SimplePublicObjectInput(properties={"dealstage": "qualifiedtobuy"})
    )
    found = client.crm.deals.basic_api.get_by_id(
        deal, properties_with_history=["dealstage"]
    )
    newest = found.properties_with_history["dealstage"][0]
    assert (newest.source_type, newest.source_id) == ("INTEGRATION", "7300001")


def test_a_batch_read_misses_what_is_gone_and_says_so(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    found = client.crm.deals.batch_api.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[{"id": deal}, {"id": "1"}],
            properties=PROPERTIES,
            properties_with_history=[],
        )
    )
    assert [one.id for one in found.results] == [deal]
    assert found.num_errors == 1
    assert found.errors[0].category == "OBJECT_NOT_FOUND"
    assert found.errors[0].context["ids"] == ["1"]


@pytest.mark.parametrize(
    ("size", "history", "words"),
    [(101, [], "in a batch is 100"), (51, ["dealstage"], "property histories is 50")],
)
def test_a_batch_has_a_largest_size(
    client: HubSpot, size: int, history: list[str], words: str
):
    with pytest.raises(ApiException) as refused:
        client.crm.deals.batch_api.read(
            BatchReadInputSimplePublicObjectId(
                inputs=[{"id": str(n)} for n in range(size)],
                properties=[],
                properties_with_history=history,
            )
        )
    assert refused.value.status == 400
    assert words in refused.value.body


def test_one_bad_row_refuses_a_batch_without_trace_ids(
    client: HubSpot, control: Control
):
    good, bad = seed_deal(control), seed_deal(control)
    with pytest.raises(ApiException) as refused:
        client.crm.deals.batch_api.update(
            BatchUpdate(
                inputs=[
                    {"id": good, "properties": {"amount": "5"}},
                    {"id": bad, "properties": {"amount": "much"}},
                ]
            )
        )
    assert refused.value.status == 400
    assert "INVALID_DOUBLE" in refused.value.body
    found = client.crm.deals.basic_api.get_by_id(good, properties=["amount"])
    assert found.properties["amount"] is None


def test_with_trace_ids_only_the_bad_row_of_a_batch_fails(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}
    rows = [
        {
            "properties": {"hs_timestamp": "1700000000000", "hs_note_body": "good"},
            "associations": [{"to": {"id": deal}, "types": [link]}],
            "objectWriteTraceId": "a",
        },
        {"properties": {"hs_note_body": "no time"}, "objectWriteTraceId": "b"},
    ]
    made = client.crm.objects.notes.batch_api.create(BatchCreate(inputs=rows))
    assert [one.object_write_trace_id for one in made.results] == ["a"]
    assert made.errors[0].context["objectWriteTraceId"] == ["b"]
    [note] = control.get("hubspot/objects/notes", on=f"deals:{deal}")["results"]
    assert note["properties"]["hs_note_body"] == "good"


def test_a_wrong_association_type_leaves_a_task_silently_unassociated(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    contact_type = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}
    made = client.crm.objects.tasks.basic_api.create(
        {
            "properties": {"hs_timestamp": "1700000000000"},
            "associations": [{"to": {"id": deal}, "types": [contact_type]}],
        }
    )
    assert made.id
    assert not control.get("hubspot/objects/tasks", on=f"deals:{deal}")["results"]


def test_an_association_with_nothing_is_refused(client: HubSpot):
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}
    with pytest.raises(Exception, match="associations are not valid"):
        client.crm.objects.notes.basic_api.create(
            {
                "properties": {"hs_timestamp": "1700000000000"},
                "associations": [{"to": {"id": "12345"}, "types": [link]}],
            }
        )


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"dealstage": "nowhere"}, "INVALID_OPTION"),
        ({"nope": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_is_closed": "true"}, "READ_ONLY_VALUE"),
        ({"closedate": "soon"}, "INVALID_DATE"),
    ],
)
def test_a_value_that_cannot_be_taken_is_refused_with_its_code(
    client: HubSpot, control: Control, properties: dict[str, str], code: str
):
    deal = seed_deal(control)
    with pytest.raises(ApiException) as refused:
        client.crm.deals.basic_api.update(
            deal, SimplePublicObjectInput(properties=properties)
        )
    assert refused.value.status == 400
    assert code in refused.value.body
    assert '"category":"VALIDATION_ERROR"' in refused.value.body


def test_nothing_can_be_moved_to_an_archived_stage(client: HubSpot, control: Control):
    deal = seed_deal(control)
    control.post("hubspot/stages/archive", object="deals", stage="contractsent")
    with pytest.raises(ApiException, match="not a valid stage"):
        client.crm.deals.basic_api.update(
            deal, SimplePublicObjectInput(properties={"dealstage": "contractsent"})
        )
    [pipeline] = client.crm.pipelines.pipelines_api.get_all("deals").results
    archived = [stage.id for stage in pipeline.stages if stage.archived]
    assert archived == ["contractsent"]


def test_the_id_of_a_merged_deal_leads_to_the_new_one(
    client: HubSpot, control: Control
):
    one, other = seed_deal(control), seed_deal(control, amount=9)
    new = client.crm.deals.basic_api.merge(
        PublicMergeInput(primary_object_id=one, object_id_to_merge=other)
    ).id
    found = client.crm.deals.basic_api.get_by_id(other, properties=["amount"])
    assert (found.id, found.properties["amount"]) == (new, "9")


def test_lists_go_page_by_page(client: HubSpot, control: Control):
    control.post("hubspot/seed", bulk=[{"object": "deals", "count": 25}])
    found = client.crm.deals.get_all(properties=["dealname"])
    assert len({one.id for one in found}) == 25


def test_a_note_on_a_deal_counts_as_a_change_of_the_deal(
    client: HubSpot, control: Control
):
    deal = seed_deal(control)
    before = client.crm.deals.basic_api.get_by_id(deal).updated_at
    control.post(
        "hubspot/log", kind="call", user=REP, on={"object": "deals", "id": deal}
    )
    found = client.crm.deals.basic_api.get_by_id(
        deal, properties=["notes_last_contacted", "num_notes"]
    )
    assert found.updated_at > before
    assert found.properties["num_notes"] == "1"
    assert found.properties["notes_last_contacted"]


def test_a_lead_needs_a_contact_and_can_be_absent_altogether(
    client: HubSpot, control: Control
):
    contact = control.post(
        "hubspot/create", object="contacts", properties={"email": "jo@example.com"}
    )["id"]
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
    api = client.crm.objects.leads.basic_api
    body = {"properties": {"hs_lead_name": "Jo"}, "associations": []}
    with pytest.raises(Exception, match="primary contact"):
        api.create(body)
    made = api.create(
        body | {"associations": [{"to": {"id": contact}, "types": [link]}]}
    )
    assert made.properties["hs_pipeline_stage"] == "new-stage-id"
    control.post("hubspot/settings", leads_enabled=False)
    with pytest.raises(Exception, match="Unable to infer object type"):
        api.get_by_id(made.id)


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_the_dated_paths_serve_the_same(
    sandbox: Sandbox, control: Control, version: str
):
    deal = seed_deal(control)
    token = sandbox.hubspot_token
    for path in (
        f"/crm/objects/{version}/deals/{deal}",
        f"/crm/objects/{version}/0-3/{deal}",
        f"/crm/pipelines/{version}/deals",
        f"/crm/properties/{version}/deals",
        f"/crm/owners/{version}",
        f"/account-info/{version}/details",
    ):
        assert control.ask("GET", path, token=token)[0] == 200, path
    status, found, _ = control.ask(
        "POST",
        f"/crm/associations/{version}/deals/contacts/batch/read",
        {"inputs": [{"id": deal}]},
        token,
    )
    assert status == 207
    assert "NO_ASSOCIATIONS_FOUND" in found["errors"][0]["subCategory"]


def test_an_admins_rule_refuses_a_write_from_2026_09_on_only(
    sandbox: Sandbox, control: Control
):
    deal = seed_deal(control)
    control.post(
        "hubspot/rules", object="deals", stage="qualifiedtobuy", required=["amount"]
    )
    body = {"properties": {"dealstage": "qualifiedtobuy"}}
    for version, expected in (("2026-09", 400), ("2026-03", 200)):
        status, found, _ = control.ask(
            "PATCH", f"/crm/objects/{version}/deals/{deal}", body, sandbox.hubspot_token
        )
        assert status == expected
        if expected == 400:
            assert found["category"] == "VALIDATION_ERROR"
            assert found["errors"][0]["context"]["propertyName"] == ["amount"]


def test_a_create_by_the_client_answers_with_what_hubspot_worked_out(client: HubSpot):
    made = client.crm.deals.basic_api.create(
        SimplePublicObjectInputForCreate(
            properties={"dealname": "New", "closedate": "1893456000000"},
            associations=[],
        )
    )
    assert made.properties["dealstage"] == "appointmentscheduled"
    assert made.properties["closedate"] == "2030-01-01T00:00:00Z"
    found = client.crm.deals.search_api.do_search(
        PublicObjectSearchRequest(
            filter_groups=[], limit=10, after="0", sorts=[], properties=[]
        )
    )
    assert found.total == 1
