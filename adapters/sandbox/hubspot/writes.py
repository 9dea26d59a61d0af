"""Changing records: values with their history, what follows from them, and events."""

from collections.abc import Iterable, Mapping

from adapters.sandbox.clock import iso, parse_instant
from adapters.sandbox.hubspot import computed
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.apps import Happening, association_facts
from adapters.sandbox.hubspot.catalog import ObjectType
from adapters.sandbox.hubspot.links import INVERSE, LinkType, Ref
from adapters.sandbox.hubspot.records import Record, Source, Version

_CALCULATED = Source("CALCULATED", "CalculatedPropertyComputer")


def create(
    account: Account,
    kind: ObjectType,
    values: Mapping[str, str],
    *,
    source: Source,
    at: int,
    links: Iterable[tuple[Ref, LinkType]] = (),
    record_id: str = "",
) -> Record:
    """Make a record of cleaned values; `at` is epoch ms, `record_id` pins its id."""
    record = Record(
        type=kind, id=record_id or account.ids.next(), created_at=at, updated_at=at
    )
    _keep_for_searches(account, record, is_new=True)
    account.records[kind.name][record.id] = record
    moment = iso(at)
    record.values |= {
        "hs_object_id": record.id,
        "hs_createdate": moment,
        kind.created: moment,
        "hs_object_source": source.type,
        "hs_object_source_id": source.id,
        "hs_object_source_label": source.label or source.type,
    }
    if source.user_id is not None:
        record.values["hs_created_by_user_id"] = str(source.user_id)
    account.outbox.append(Happening(kind, "creation", record.id, at, source))
    _apply(account, record, _with_defaults(account, kind, values), source, at)
    for target, link in links:
        associate(account, (kind.name, record.id), target, link, source=source, at=at)
    return record


def update(
    account: Account,
    record: Record,
    values: Mapping[str, str],
    *,
    source: Source,
    at: int,
) -> None:
    """Set cleaned values of a record."""
    _keep_for_searches(account, record)
    _apply(account, record, values, source, at)
    if record.type.is_engagement:
        for other in list(account.links.around((record.type.name, record.id))):
            computed.roll_up(account, other, at)


def archive(account: Account, record: Record, *, source: Source, at: int) -> None:
    """Put a record into the recycling bin."""
    record.archived_at = at
    touched = list(account.links.around((record.type.name, record.id)))
    for other in touched:
        computed.roll_up(account, other, at)
    account.outbox.append(Happening(record.type, "deletion", record.id, at, source))


def restore(account: Account, record: Record, *, source: Source, at: int) -> None:
    """Take a record out of the recycling bin."""
    record.archived_at = None
    computed.touch(record, at)
    for other in list(account.links.around((record.type.name, record.id))):
        computed.roll_up(account, other, at)
    account.outbox.append(Happening(record.type, "restore", record.id, at, source))


def merge(
    account: Account, primary: Record, other: Record, *, source: Source, at: int
) -> Record:
    """Merge two records into a new one with a new id; the old ids lead to it."""
    kind = primary.type
    own = {name: versions[-1].value for name, versions in primary.history.items()}
    filled = {
        name: versions[-1].value
        for name, versions in other.history.items()
        if not own.get(name)
    }
    merged = Record(
        type=kind,
        id=account.ids.next(),
        created_at=min(primary.created_at, other.created_at),
        updated_at=at,
        values={**other.values, **primary.values},
        history={name: list(versions) for name, versions in primary.history.items()},
    )
    account.records[kind.name][merged.id] = merged
    merged.values["hs_object_id"] = merged.id
    merged.values["hs_merged_object_ids"] = f"{primary.id};{other.id}"
    mark = Source("MERGE_OBJECTS", "", source.user_id)
    for name, value in filled.items():
        _set(merged, name, value, mark, at)
    for old in (primary, other):
        ref = (kind.name, old.id)
        for target in list(account.links.around(ref)):
            for link in account.links.types(ref, target):
                account.links.add((kind.name, merged.id), target, link)
            account.links.remove(ref, target)
        old.archived_at = at
        old.merged_into = merged.id
    computed.touch(merged, at)
    more = {
        "primaryObjectId": int(primary.id),
        "mergedObjectIds": [int(other.id)],
        "newObjectId": int(merged.id),
        "numberOfPropertiesMoved": len(filled),
    }
    account.outbox.append(
        Happening(kind, "merge", merged.id, at, source=mark, more=more)
    )
    return merged


def associate(
    account: Account,
    source_ref: Ref,
    target_ref: Ref,
    link: LinkType,
    *,
    source: Source,
    at: int,
) -> None:
    """Associate two records, tell both sides and work out what follows."""
    if not account.links.add(source_ref, target_ref, link):
        return
    _tell_association(
        account, source_ref, target_ref, link, source=source, at=at, removed=False
    )


def dissociate(
    account: Account, source_ref: Ref, target_ref: Ref, *, source: Source, at: int
) -> None:
    """Take the associations between two records away."""
    types = account.links.types(source_ref, target_ref)
    if account.links.remove(source_ref, target_ref):
        _tell_association(
            account,
            source_ref,
            target_ref,
            types[0],
            source=source,
            at=at,
            removed=True,
        )


def _tell_association(
    account: Account,
    source_ref: Ref,
    target_ref: Ref,
    link: LinkType,
    *,
    source: Source,
    at: int,
    removed: bool,
) -> None:
    sides = ((source_ref, target_ref, link), (target_ref, source_ref, INVERSE[link.id]))
    for here, there, one in sides:
        facts = association_facts(here, there, removed=removed, primary=False)
        kind = account.records[here[0]][here[1]].type
        happening = Happening(
            kind, "associationChange", here[1], at, source, more=facts
        )
        account.outbox.append(happening)
        if one.label == "Primary":
            # HubSpot fires a second event for the primary association, by design.
            facts = {**facts, "isPrimaryAssociation": True}
            account.outbox.append(happening._replace(more=facts))
        computed.roll_up(account, here, at)


def _with_defaults(
    account: Account, kind: ObjectType, values: Mapping[str, str]
) -> dict[str, str]:
    """Return the values with the pipeline and stage that a new record gets."""
    full = dict(values)
    if not kind.stage:
        return full
    if not full.get(kind.pipeline):
        home = account.pipelines.home_of(kind.name, full.get(kind.stage, ""))
        first = min(account.pipelines.of(kind.name).values(), key=lambda one: one.order)
        full[kind.pipeline] = (home or first).id
    if not full.get(kind.stage):
        stages = account.pipelines.of(kind.name)[full[kind.pipeline]].stages.values()
        open_stages = [stage for stage in stages if stage.archived_at is None]
        if open_stages:
            full[kind.stage] = min(open_stages, key=lambda one: one.order).id
    return full


def _apply(
    account: Account,
    record: Record,
    values: Mapping[str, str],
    source: Source,
    at: int,
) -> None:
    kind = record.type
    before = record.value(kind.stage) if kind.stage else ""
    closed_on = computed.close_date(account, record, values, at)
    for name, value in values.items():
        if _set(record, name, value, source, at):
            _follow(record, name, value, at)
            account.outbox.append(
                Happening(kind, "propertyChange", record.id, at, source, name, value)
            )
    if closed_on and _set(record, "closedate", closed_on, _CALCULATED, at):
        account.outbox.append(
            Happening(
                kind,
                "propertyChange",
                record.id,
                at,
                _CALCULATED,
                "closedate",
                closed_on,
            )
        )
    if kind.stage and record.value(kind.stage) != before:
        computed.stage_facts(account, record, before, at)
    if source.user_id is not None:
        record.values["hs_updated_by_user_id"] = str(source.user_id)
    if account.rules and kind.stage:
        is_lacking = bool(computed.lacking(account, record, {}))
        record.values["hs_has_empty_conditional_stage_properties"] = str(
            is_lacking
        ).lower()
    computed.touch(record, at)


def _set(record: Record, name: str, value: str, source: Source, at: int) -> bool:
    """Set one value and keep the version; False if it was so already."""
    if record.values.get(name, "") == value:
        return False
    record.values[name] = value
    record.history.setdefault(name, []).append(Version(value, at, source))
    return True


def _follow(record: Record, name: str, value: str, at: int) -> None:
    """Set what HubSpot keeps beside a property."""
    match name:
        case "hubspot_owner_id":
            record.values["hubspot_owner_assigneddate"] = iso(at) if value else ""
        case "hs_next_step":
            record.values["hs_next_step_updated_at"] = iso(at)
        case "hs_task_status":
            is_done = value == "COMPLETED"
            record.values["hs_task_is_completed"] = "1" if is_done else "0"
            record.values["hs_task_completion_date"] = iso(at) if is_done else ""
        case "createdate" if (moment := parse_instant(value)) is not None:
            record.created_at = moment


def _keep_for_searches(
    account: Account, record: Record, *, is_new: bool = False
) -> None:
    """Keep the state that searches still see while the index lags."""
    lag = account.settings.index_lag_ms
    if not lag:
        record.indexed.clear()
        return
    now = account.clock.now_ms()
    record.indexed = [one for one in record.indexed if one[0] > now]
    record.indexed.append((now + lag, None if is_new else dict(record.values)))
