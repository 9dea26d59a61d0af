"""What Salesforce works out beside what was written."""

from datetime import date
from typing import Any

from adapters.sandbox.salesforce import moments
from adapters.sandbox.salesforce.defaults import FORECAST_CATEGORIES
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Author, Record

Json = dict[str, Any]

_IN_HISTORY = ("StageName", "Amount", "Probability", "CloseDate", "ForecastCategory")
_MINUTE_MS = 60_000
_MONTHS = 12


def complete(org: Org, kind: str, before: Json, values: Json, at: int) -> None:
    """Add to `values` what follows from them; `before` is empty for a fresh record."""
    match kind:
        case "Opportunity":
            _complete_opportunity(org, before, values, at)
        case "Lead" | "Contact":
            _name(before, values)
        case "Task":
            _complete_task(org, before, values, at)
        case "Event":
            _complete_event(before, values)
        case "Quote" if not before:
            values |= {"IsSyncing": False, "QuoteNumber": org.numbers.next()[-8:]}
        case "EmailMessage" if not before and values.get("MessageDate") is None:
            values["MessageDate"] = moments.whole(at)
    if kind in {"Task", "Event", "Quote"}:
        _follow_account(org, before, values)


def follow(org: Org, record: Record, before: Json, author: Author, at: int) -> None:
    """Write what a saved record leaves behind: history rows and activity dates."""
    match record.type:
        case "Opportunity":
            _keep_history(org, record, before, author, at)
        case "Lead":
            _track(org, record, "Status", before, author=author, at=at)
        case "Task" | "Event":
            ids = {before.get(name) for name in ("WhatId", "WhoId")}
            ids |= {record.get(name) for name in ("WhatId", "WhoId")}
            for touched in ids - {None}:
                _roll_up_activity(org, str(touched), at)


def _complete_opportunity(org: Org, before: Json, values: Json, at: int) -> None:
    if before.get("HasOpportunityLineItem"):
        # With products the amount is theirs: the API takes it and ignores it.
        values.pop("Amount", None)
    name = values.get("StageName")
    if name is not None and name != before.get("StageName"):
        _enter_stage(org, str(name), values)
        if before:
            values["LastStageChangeDate"] = moments.whole(at)
    if (category := values.get("ForecastCategoryName")) is not None:
        values["ForecastCategory"] = FORECAST_CATEGORIES[category]
    if not before:
        values |= {"HasOpportunityLineItem": False, "PushCount": 0.0}
    elif "CloseDate" in values:
        pushed = _month(values["CloseDate"]) > _month(before["CloseDate"])
        values["PushCount"] = before["PushCount"] + (1 if pushed else 0)
    after = {**before, **values}
    amount, chance = after.get("Amount"), after.get("Probability")
    values["ExpectedRevenue"] = (
        None if amount is None or chance is None else round(amount * chance / 100, 2)
    )


def _enter_stage(org: Org, name: str, values: Json) -> None:
    """Reset what the stage brings along; what was sent with it wins."""
    stage = org.stage(name)
    if stage is None:
        return
    values["IsClosed"] = stage.values["IsClosed"]
    values["IsWon"] = stage.values["IsWon"]
    if values.get("Probability") is None:
        values["Probability"] = stage.values["DefaultProbability"]
    if values.get("ForecastCategoryName") is None:
        values["ForecastCategoryName"] = stage.values["ForecastCategoryName"]


def _month(day: str) -> int:
    parsed = date.fromisoformat(day)
    return parsed.year * _MONTHS + parsed.month


def _name(before: Json, values: Json) -> None:
    after = {**before, **values}
    parts = (after.get("FirstName"), after.get("LastName"))
    values["Name"] = " ".join(str(part) for part in parts if part)


def _complete_task(org: Org, before: Json, values: Json, at: int) -> None:
    if not before and values.get("Status") is None:
        values["Status"] = org.default_status("TaskStatus")
    if "Status" not in values:
        return
    closing = {
        row.values["ApiName"]
        for row in org.living("TaskStatus")
        if row.values["IsClosed"]
    }
    is_closed = values["Status"] in closing
    if is_closed != before.get("IsClosed"):
        values["CompletedDateTime"] = moments.whole(at) if is_closed else None
    values["IsClosed"] = is_closed


def _complete_event(before: Json, values: Json) -> None:
    after = {**before, **values}
    start = after.get("StartDateTime") or after.get("ActivityDateTime")
    end, minutes = after.get("EndDateTime"), after.get("DurationInMinutes")
    if start is None:
        return
    if end is None and minutes is not None:
        end = int(start + minutes * _MINUTE_MS)
    values |= {
        "StartDateTime": start,
        "ActivityDateTime": start,
        "EndDateTime": end,
        "ActivityDate": moments.day(start),
        "DurationInMinutes": None
        if end is None
        else float((end - start) // _MINUTE_MS),
    }


def _follow_account(org: Org, before: Json, values: Json) -> None:
    after = {**before, **values}
    target_id = after.get("WhatId") or after.get("OpportunityId")
    target = org.find(target_id) if target_id else None
    if target is not None:
        is_account = target.type == "Account"
        values["AccountId"] = target.id if is_account else target.get("AccountId")


def _keep_history(
    org: Org, record: Record, before: Json, author: Author, at: int
) -> None:
    after = record.values
    if any(before.get(name) != after.get(name) for name in _IN_HISTORY):
        earlier = org.last_history.get(record.id)
        if earlier is not None:
            # A row's stamp is when the next one took its place.
            org.remember(earlier)
            earlier.values["SystemModstamp"] = moments.whole(at)
        row = {name: after.get(name) for name in (*_IN_HISTORY, "ExpectedRevenue")}
        row |= {
            "OpportunityId": record.id,
            "PrevAmount": before.get("Amount"),
            "PrevCloseDate": before.get("CloseDate"),
        }
        made = org.insert("OpportunityHistory", row, at=at, by=author.user_id)
        _set_last(org, record.id, made, earlier)
    _track(org, record, "StageName", before, author=author, at=at)


def _track(
    org: Org, record: Record, name: str, before: Json, *, author: Author, at: int
) -> None:
    """Keep a change of a field whose history is tracked."""
    if not org.settings.tracks_stage_history:
        return
    if before.get(name) == record.get(name):
        return
    history = {"Lead": "LeadHistory"}.get(record.type, f"{record.type}FieldHistory")
    tracked = {
        f"{record.type}Id": record.id,
        "Field": name if before else "created",
        "OldValue": before.get(name),
        "NewValue": record.get(name) if before else None,
    }
    org.insert(history, tracked, at=at, by=author.user_id)


def _set_last(org: Org, record_id: str, made: Record, earlier: Record | None) -> None:
    org.last_history[record_id] = made
    if org.undo is None:
        return
    if earlier is None:
        org.undo.append(lambda: org.last_history.__delitem__(record_id))
    else:
        org.undo.append(lambda: org.last_history.__setitem__(record_id, earlier))


def _roll_up_activity(org: Org, record_id: str, at: int) -> None:
    """Set the date of the last event or closed task; it is no change by anybody."""
    record = org.find(record_id)
    if record is None or "LastActivityDate" not in org.types[record.type].fields:
        return
    days = [
        str(row.values["ActivityDate"])
        for kind in ("Task", "Event")
        for row in org.living(kind)
        if record_id in {row.get("WhatId"), row.get("WhoId")}
        and row.get("ActivityDate") is not None
        and row.get("IsClosed") is not False
    ]
    last = max(days, default=None)
    if last != record.get("LastActivityDate"):
        org.remember(record)
        record.values["LastActivityDate"] = last
        record.values["SystemModstamp"] = moments.whole(at)
