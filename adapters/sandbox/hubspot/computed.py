"""What HubSpot works out by itself: stage facts, roll-ups, missing properties."""

from collections.abc import Mapping

from adapters.sandbox.clock import iso, parse_instant
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.links import Ref
from adapters.sandbox.hubspot.records import Record

_CONTACTED_BY = ("calls", "emails", "meetings")
_ROLLED_UP_ON = frozenset({"deals", "contacts", "companies", "leads"})


def stage_facts(account: Account, record: Record, before: str, at: int) -> None:
    """Set what follows from the stage that a record has just entered."""
    kind, values = record.type, record.values
    stage_id = record.value(kind.stage)
    stage = account.pipelines.stage(kind.name, record.value(kind.pipeline), stage_id)
    moment = iso(at)
    values[f"hs_v2_date_entered_{stage_id}"] = moment
    values["hs_v2_date_entered_current_stage"] = moment
    if before:
        values[f"hs_v2_date_exited_{before}"] = moment
    if stage is None:
        return
    if kind.name == "leads":
        values["hs_lead_is_closed"] = str(stage.is_closed).lower()
        return
    values["hs_is_closed"] = str(stage.is_closed).lower()
    values["hs_is_closed_won"] = str(stage.is_won).lower()
    values["hs_is_closed_lost"] = str(stage.is_lost).lower()
    values["hs_deal_stage_probability"] = str(stage.probability)
    pipeline = account.pipelines.of(kind.name)[record.value(kind.pipeline)]
    first = min(pipeline.stages.values(), key=lambda one: one.order)
    values["hs_is_in_first_deal_stage"] = str(first.id == stage_id).lower()


def close_date(
    account: Account, record: Record, changes: Mapping[str, str], at: int
) -> str:
    """Return the close date that HubSpot sets when a deal is won or lost, or nothing.

    It sets none between two won or two lost stages, nor over one that was given:
    knowledge.hubspot.com/crm-deals/hubspots-default-deal-properties.
    """
    if record.type.name != "deals" or "closedate" in changes:
        return ""
    stage_id = changes.get("dealstage")
    if stage_id is None or stage_id == record.value("dealstage"):
        return ""
    pipeline_id = changes.get("pipeline") or record.value("pipeline")
    after = account.pipelines.stage("deals", pipeline_id, stage_id)
    if after is None or not (after.is_won or after.is_lost):
        return ""
    was_won = record.value("hs_is_closed_won") == "true"
    was_lost = record.value("hs_is_closed_lost") == "true"
    if (after.is_won and was_won) or (after.is_lost and was_lost):
        return ""
    return iso(at)


def roll_up(account: Account, ref: Ref, at: int) -> None:
    """Work out anew what a record shows of its associated records.

    As in HubSpot this counts as a change of the record when something came of it:
    a note on a deal moves the deal's `hs_lastmodifieddate`.
    """
    kind, record_id = ref
    if kind not in _ROLLED_UP_ON:
        return
    record = account.records[kind].get(record_id)
    if record is None or record.is_archived:
        return
    found = _counts(account, ref)
    found |= _activity(account, ref, at)
    changed = {name: text for name, text in found.items() if record.value(name) != text}
    if changed:
        record.values.update(changed)
        touch(record, max(at, record.updated_at))


def touch(record: Record, at: int) -> None:
    """Set when the record was last modified."""
    record.updated_at = at
    moment = iso(at)
    record.values[record.type.modified] = moment
    record.values["hs_lastmodifieddate"] = moment


def lacking(account: Account, record: Record, changes: Mapping[str, str]) -> list[str]:
    """Return what the admin's rules require in the stage after `changes`."""
    stage_id = changes.get(record.type.stage, record.value(record.type.stage))
    return [
        name
        for rule in account.rules
        if rule.kind == record.type.name and rule.stage == stage_id
        for name in rule.required
        if not changes.get(name, record.value(name))
    ]


def _counts(account: Account, ref: Ref) -> dict[str, str]:
    kind = ref[0]
    found: dict[str, str] = {}
    if kind in {"deals", "companies"}:
        contacts = len(account.links.ids(ref, "contacts"))
        found["num_associated_contacts"] = str(contacts)
    if kind in {"contacts", "companies"}:
        found["num_associated_deals"] = str(len(account.links.ids(ref, "deals")))
    return found


def _activity(account: Account, ref: Ref, at: int) -> dict[str, str]:
    past: list[int] = []
    contacted: list[int] = []
    planned: list[tuple[int, str]] = []
    notes = 0
    for kind, record_id in account.links.around(ref):
        engagement = account.records[kind].get(record_id)
        if engagement is None or not engagement.type.is_engagement:
            continue
        if engagement.is_archived:
            continue
        moment = parse_instant(engagement.value("hs_timestamp")) or 0
        if kind == "tasks":
            if moment > at and engagement.value("hs_task_status") != "COMPLETED":
                planned.append((moment, "TASK"))
            continue
        notes += 1
        if moment > at:
            if kind == "meetings":
                planned.append((moment, "MEETING"))
            continue
        past.append(moment)
        if kind in _CONTACTED_BY:
            contacted.append(moment)
    next_at, next_type = min(planned, default=(0, ""))
    return {
        "num_notes": str(notes) if notes else "",
        "num_contacted_notes": str(len(contacted)) if contacted else "",
        "notes_last_updated": iso(max(past)) if past else "",
        "notes_last_contacted": iso(max(contacted)) if contacted else "",
        "notes_next_activity_date": iso(next_at) if next_at else "",
        "hs_notes_next_activity_type": next_type,
    }
