from typing import Any

from adapters.salesforce import describing
from adapters.salesforce.kinds import LEADS, MASTER_RECORD_TYPE, OPPORTUNITIES
from rules.model import FieldType

RENEWAL = "012000000000001AAA"
NEW_BUSINESS = "012000000000002AAA"


def described(*types: tuple[str, str], **fields: str) -> dict[str, Any]:
    master = {"recordTypeId": MASTER_RECORD_TYPE, "name": "Master", "master": True}
    return {
        "labelPlural": "Opportunities",
        "fields": [
            {"name": name, "label": name, "type": kind, "updateable": name != "Id"}
            for name, kind in {"Id": "id", **fields}.items()
        ],
        "recordTypeInfos": [
            *(
                {"recordTypeId": one, "name": name, "master": False}
                for one, name in types
            ),
            master,
        ],
    }


STAGES = describing.to_deal_stages(
    [
        {"ApiName": "Won", "MasterLabel": "Gewonnen", "SortOrder": 9, "IsActive": True}
        | {"IsClosed": True, "IsWon": True},
        {"ApiName": "Old", "MasterLabel": "Old", "SortOrder": 5, "IsActive": False},
        {"ApiName": "First", "MasterLabel": "First", "SortOrder": 1, "IsActive": True},
        {"ApiName": "Lost", "MasterLabel": "Lost", "SortOrder": 10, "IsActive": True}
        | {"IsClosed": True, "IsWon": False},
    ]
)


def test_stages_stand_in_the_organizations_order():
    assert [one.id for one in STAGES] == ["First", "Old", "Won", "Lost"]
    first, old, won, lost = STAGES
    assert won.label == "Gewonnen"
    assert (first.is_closed, won.is_closed, lost.is_closed) == (False, True, True)
    assert (won.is_won, lost.is_won) == (True, False)
    assert old.is_archived


def test_a_record_type_is_a_pipeline_with_the_stages_it_offers():
    offer = describing.to_offer({"values": [{"value": "First"}, {"value": "Won"}]})
    pipelines = describing.to_pipelines(
        described((RENEWAL[:15], "Renewal"), (NEW_BUSINESS, "New business")),
        STAGES,
        {RENEWAL: offer},
    )
    found = {one.label: [stage.id for stage in one.stages] for one in pipelines}
    assert found == {
        # What is switched off stays: records may stand in it.
        "Renewal": ["First", "Old", "Won"],
        "New business": ["First", "Old", "Won", "Lost"],
        "Master": ["First", "Old", "Won", "Lost"],
    }
    assert [one.id for one in pipelines] == [RENEWAL, NEW_BUSINESS, MASTER_RECORD_TYPE]


def test_an_organization_without_record_types_has_one_pipeline():
    (pipeline,) = describing.to_pipelines(described(), STAGES, {})
    assert (pipeline.id, pipeline.label) == (MASTER_RECORD_TYPE, "Opportunities")


def test_a_converted_lead_is_won():
    stages = describing.to_lead_stages(
        [
            {"ApiName": "Qualified", "SortOrder": 2, "IsConverted": True},
            {"ApiName": "Open", "SortOrder": 1, "IsConverted": False},
        ]
    )
    assert [(one.id, one.is_closed, one.is_won) for one in stages] == [
        ("Open", False, False),
        ("Qualified", True, True),
    ]


def test_only_fields_that_are_there_have_usual_names():
    kind = describing.to_account_kind(
        described(
            Amount="currency",
            CloseDate="date",
            Met_At__c="datetime",
            Chance__c="percent",
            Is_Key__c="boolean",
            Address="address",
            Note__c="textarea",
        ),
        OPPORTUNITIES,
        STAGES,
        {},
    )
    assert kind.builtin == {"amount": "Amount", "close_date": "CloseDate"}
    assert {one.name: one.type for one in kind.properties} == {
        "Id": FieldType.TEXT,
        "Amount": FieldType.NUMBER,
        "CloseDate": FieldType.DATE,
        "Met_At__c": FieldType.INSTANT,
        "Chance__c": FieldType.NUMBER,
        "Is_Key__c": FieldType.BOOLEAN,
        "Note__c": FieldType.TEXT,
    }
    assert [one.name for one in kind.properties if one.is_read_only] == ["Id"]


def test_an_object_says_whether_its_records_have_types():
    assert describing.has_record_types(described(RecordTypeId="reference"))
    assert not describing.has_record_types(described())


def test_a_description_with_nothing_in_it_breaks_nothing():
    kind = describing.to_account_kind({}, LEADS, (), {})
    assert (kind.builtin, kind.properties) == ({}, ())
    assert [one.stages for one in kind.pipelines] == [()]


def test_values_of_a_list_are_known_by_what_people_call_them():
    field = {
        "name": "Reason__c",
        "label": "Reason",
        "type": "picklist",
        "picklistValues": [
            {"value": "PRICE", "label": "The price"},
            {"value": "Other", "label": "Other"},
        ],
    }
    [found] = describing.to_properties({"fields": [field]})
    assert found.options == {"PRICE": "The price"}
