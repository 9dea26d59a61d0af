"""What the org is like: versions, describes, picklists, limits and approvals."""

from typing import Any

from adapters.sandbox.salesforce import ids, writes
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.defaults import MASTER_RECORD_TYPE
from adapters.sandbox.salesforce.errors import ApiError, malformed_id, not_found
from adapters.sandbox.salesforce.fields import Field
from adapters.sandbox.salesforce.records import Record
from adapters.sandbox.salesforce.web_call import Answer, Call, Frame

Json = dict[str, Any]

FED = frozenset({"Account", "Contact", "Lead", "Opportunity"})
"""The objects whose records have feeds, where the org has any."""


def register(frame: Frame) -> None:
    """Serve these paths."""
    picklists = "/ui-api/object-info/<entity>/picklist-values/<record_type>"
    for rest, view, method, operation in (
        ("", resources, "GET", "resources"),
        ("/limits", limits, "GET", "limits"),
        ("/sobjects", describe_all, "GET", "describeGlobal"),
        ("/sobjects/<entity>", basics, "GET", "basics"),
        ("/sobjects/<entity>/describe", describe, "GET", "describe"),
        (picklists, all_picklists, "GET", "picklists"),
        (picklists + "/<field_name>", picklist, "GET", "picklist"),
        ("/<path:rest>", nothing, "GET", "nothing"),
        ("/process/approvals", approvals, "POST", "approvals"),
    ):
        frame.route(rest, view, methods=(method,), operation=operation)


def nothing(_call: Call, rest: str) -> Answer:
    """Refuse a path that leads nowhere."""
    del rest
    raise not_found()


def resources(call: Call) -> Answer:
    """Return where things are."""
    base = f"/services/data/{call.version}"
    names = ("sobjects", "query", "queryAll", "composite", "limits", "ui-api")
    return 200, {name: f"{base}/{name}" for name in names}


def limits(call: Call) -> Answer:
    """Return what is allotted and what is left; this call is counted."""
    most = call.org.settings.daily_limit
    left = max(0, most - call.org.calls.used(call.at))
    return 200, {
        "DailyApiRequests": {"Max": most, "Remaining": left},
        "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
        "DataStorageMB": {"Max": 5, "Remaining": 5},
        "HourlyPublishedPlatformEvents": {"Max": 50_000, "Remaining": 50_000},
    }


def describe_all(call: Call) -> Answer:
    """Return every type that the org has."""
    kinds = (call.org.type(name) for name in call.org.types)
    return 200, {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(call, kind) for kind in kinds if kind is not None],
    }


def basics(call: Call, entity: str) -> Answer:
    """Return a type without its fields."""
    return 200, {"objectDescribe": _summary(call, call.kind(entity)), "recentItems": []}


def describe(call: Call, entity: str) -> Answer:
    """Return a type with its fields and record types."""
    kind = call.kind(entity)
    fields = [
        field.shape(
            _choices(call, kind, field),
            is_read_only=kind.is_read_only or field.name in kind.read_only,
        )
        for field in kind.visible()
    ]
    infos = [
        {
            "active": row.values["IsActive"],
            "available": row.values["IsActive"],
            "defaultRecordTypeMapping": False,
            "developerName": row.values["DeveloperName"],
            "master": False,
            "name": row.values["Name"],
            "recordTypeId": row.id,
        }
        for row in call.org.living("RecordType")
        if row.values["SobjectType"] == kind.name
    ]
    master = {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE,
    }
    return 200, {
        **_summary(call, kind),
        "fields": fields,
        "recordTypeInfos": [*infos, master],
        "childRelationships": [],
    }


def all_picklists(call: Call, entity: str, record_type: str) -> Answer:
    """Return the values of every picklist for a record type."""
    kind = call.kind(entity)
    return 200, {
        "eTag": "0",
        "picklistFieldValues": {
            field.name: _picklist(call, kind, field, record_type)
            for field in kind.visible()
            if field.type == "picklist" and field.is_createable
        },
    }


def picklist(call: Call, entity: str, record_type: str, field_name: str) -> Answer:
    """Return the values of one picklist for a record type."""
    kind = call.kind(entity)
    field = kind.find(field_name)
    if field is None or field.type != "picklist":
        raise not_found()
    return 200, _picklist(call, kind, field, record_type)


def approvals(call: Call) -> Answer:
    """Submit records for approval, which locks them, or decide on them."""
    results: list[Json] = []
    for one in call.listed("requests"):
        record_id = ids.find(one.get("contextId"))
        record = None if record_id is None else call.org.find(record_id)
        if record is None:
            raise malformed_id("contextId", one.get("contextId"))
        action = str(one.get("actionType"))
        if action == "Submit":
            writes.demand_free(record)
        elif not record.is_locked:
            raise ApiError(400, "INVALID_OPERATION", "no approval is pending")
        record.is_locked = action == "Submit"
        status = {"Submit": "Pending", "Approve": "Approved"}.get(action, "Rejected")
        results.append(
            {
                "actorIds": [call.author.user_id],
                "entityId": record.id,
                "errors": None,
                "instanceStatus": status,
                "success": True,
            }
        )
    return 200, results


def _choices(call: Call, kind: ObjectType, field: Field) -> list[str]:
    return call.org.choices(kind.name, field.name) if field.type == "picklist" else []


def _summary(call: Call, kind: ObjectType) -> Json:
    base = f"/services/data/{call.version}/sobjects/{kind.name}"
    may_write = kind.is_written and not kind.is_read_only
    return {
        "name": kind.name,
        "label": kind.name,
        "labelPlural": f"{kind.name}s",
        "keyPrefix": kind.prefix,
        "custom": False,
        "queryable": True,
        "retrieveable": True,
        "createable": may_write,
        "updateable": may_write,
        "deletable": may_write,
        "feedEnabled": call.org.settings.feeds_enabled and kind.name in FED,
        "urls": {
            "sobject": base,
            "describe": f"{base}/describe",
            "rowTemplate": f"{base}/{{ID}}",
        },
    }


def _picklist(call: Call, kind: ObjectType, field: Field, record_type: str) -> Json:
    choices = _choices(call, kind, field)
    type_id = ids.find(record_type)
    if type_id != MASTER_RECORD_TYPE:
        row = None if type_id is None else call.org.records["RecordType"].get(type_id)
        if row is None or row.values["SobjectType"] != kind.name:
            raise not_found()
        process_id = row.get("BusinessProcessId")
        if field.name in {"StageName", "Status"} and process_id:
            own = call.org.process_stages[process_id]
            choices = [choice for choice in choices if choice in own]
    base = f"/services/data/{call.version}/ui-api/object-info/{kind.name}"
    return {
        "controllerValues": {},
        "defaultValue": None,
        "eTag": "0",
        "url": f"{base}/picklist-values/{record_type}/{field.name}",
        "values": [
            {
                "attributes": _stage_facts(call.org.stage(choice))
                if field.name == "StageName"
                else None,
                "label": choice,
                "validFor": [],
                "value": choice,
            }
            for choice in choices
        ],
    }


def _stage_facts(stage: Record | None) -> Json | None:
    if stage is None:
        return None
    return {
        "closed": stage.values["IsClosed"],
        "defaultProbability": stage.values["DefaultProbability"],
        "forecastCategoryName": stage.values["ForecastCategoryName"],
        # Misspelt by Salesforce.
        "picklistAtrributesValueType": "OpportunityStage",
        "won": stage.values["IsWon"],
    }
