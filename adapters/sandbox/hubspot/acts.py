"""What people, workflows and imports do in the account, as the control paths ask it."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.hubspot import writes
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.catalog import ObjectType, find_type
from adapters.sandbox.hubspot.links import BY_ID, DEFAULT, LinkType, Ref
from adapters.sandbox.hubspot.records import Record, Source

Json = dict[str, Any]

_ENROLLMENT = "enrollmentId:900{at};actionExecutionIndex:0"


class Refused(ValueError):
    """A control request that makes no sense; the text says why."""


def kind_of(account: Account, name: Any) -> ObjectType:
    """Return an object type by any of its names."""
    found = find_type(str(name or "deals"))
    if found is None or not account.has(found):
        raise Refused(f"this account has no objects {name!r}")
    return found


def record_of(account: Account, kind: ObjectType, record_id: Any) -> Record:
    """Return a living record."""
    found = account.find(kind.name, str(record_id))
    if found is None:
        raise Refused(f"there is no {kind.singular} {record_id}")
    return found


def source_of(account: Account, raw: Mapping[str, Any]) -> Source:
    """Return where a change comes from.

    `source`: `user` (default; CRM_UI), `mobile`, `bulk` (CRM_UI_BULK_ACTION), `import`,
    `workflow`, `integration` (another app, `app_id`), `calculated`, or any source type
    in capitals; `user` names a colleague by e-mail address.
    """
    name = str(raw.get("source") or "user")
    user_id = _user_id(account, raw.get("user"))
    by_user = f"userId:{user_id}" if user_id is not None else ""
    now = account.clock.now_ms()
    sources = {
        "user": Source("CRM_UI", by_user, user_id),
        "mobile": Source("MOBILE_IOS", by_user, user_id),
        "bulk": Source("CRM_UI_BULK_ACTION", by_user, user_id),
        "import": Source("IMPORT", str(raw.get("import_id") or now), user_id),
        "workflow": Source("AUTOMATION_PLATFORM", _ENROLLMENT.format(at=now)),
        "integration": Source("INTEGRATION", str(raw.get("app_id") or 55_001)),
        "calculated": Source("CALCULATED", "CalculatedPropertyComputer"),
    }
    if name in sources:
        return sources[name]
    if name.isupper():
        return Source(name, str(raw.get("source_id") or by_user), user_id)
    raise Refused(f"{name!r} is no source of changes; there are {list(sources)}")


def _user_id(account: Account, email: Any) -> int | None:
    if not email:
        return None
    user = account.users.find(str(email))
    if user is None:
        raise Refused(f"there is no user {email!r}; seed users first")
    return account.user_id(user)


def values_of(
    account: Account, kind: ObjectType, properties: Mapping[str, Any]
) -> dict[str, str]:
    """Return cleaned values. `owner` may stand for `hubspot_owner_id`, by address.

    Dates may be relative, such as `-8d`.
    """
    raw = dict(properties)
    if "owner" in raw:
        raw["hubspot_owner_id"] = owner_of(account, raw.pop("owner"))
    for name, value in raw.items():
        found = account.schema.find(kind.name, name)
        is_date = found is not None and found.type in {"date", "datetime"}
        if is_date and isinstance(value, str) and value[-1:] in set("smhd"):
            raw[name] = account.clock.moment(value)
    values, problems = account.schema.clean(kind.name, raw)
    if problems:
        raise Refused("; ".join(str(one["message"]) for one in problems))
    return values


def owner_of(account: Account, email: Any) -> str:
    """Return the owner id of a colleague; empty for nobody."""
    if not email:
        return ""
    user = account.users.find(str(email))
    if user is None:
        raise Refused(f"there is no user {email!r}; seed users first")
    return account.owner_id(user)


def link_of(kind: ObjectType, other: ObjectType, type_id: Any = None) -> LinkType:
    """Return an association type by id, else the one without a label."""
    link = BY_ID.get(int(type_id)) if type_id else None
    link = link or DEFAULT.get((kind.name, other.name))
    if link is None or (link.source, link.target) != (kind.name, other.name):
        raise Refused(f"{kind.name} and {other.name} cannot be associated so")
    return link


def make(account: Account, raw: Mapping[str, Any]) -> Record:
    """Make a record: object, properties, associations, at, id, user and source.

    `associations` is a list of `{"object": "contacts", "id": ..., "type": 3}`; without
    `type` it is the one without a label.
    """
    kind = kind_of(account, raw.get("object"))
    links: list[tuple[Ref, LinkType]] = []
    for one in raw.get("associations") or ():
        other = kind_of(account, one.get("object"))
        link = link_of(kind, other, one.get("type"))
        links.append(((other.name, record_of(account, other, one["id"]).id), link))
    return writes.create(
        account,
        kind,
        values_of(account, kind, raw.get("properties") or {}),
        source=source_of(account, raw),
        at=account.clock.moment(raw.get("at")),
        links=links,
        record_id=str(raw.get("id") or ""),
    )


def change(account: Account, raw: Mapping[str, Any]) -> Record:
    """Set properties of a record: object, id, properties, at, user and source."""
    kind = kind_of(account, raw.get("object"))
    record = record_of(account, kind, raw.get("id"))
    values = values_of(account, kind, raw.get("properties") or {})
    _follow_pipeline(account, record, values)
    writes.update(
        account,
        record,
        values,
        source=source_of(account, raw),
        at=account.clock.moment(raw.get("at")),
    )
    return record


def change_many(account: Account, raw: Mapping[str, Any]) -> int:
    """Set the same properties of many records (`ids`), or each its own (`changes`).

    `changes` is a list of `{"id": ..., "properties": {...}}`.
    """
    kind = kind_of(account, raw.get("object"))
    source = source_of(account, {"source": "bulk", **raw})
    at = account.clock.moment(raw.get("at"))
    shared = values_of(account, kind, raw.get("properties") or {})
    pairs: list[tuple[str, dict[str, str]]] = [
        (str(record_id), shared) for record_id in raw.get("ids") or ()
    ]
    pairs += [
        (str(one["id"]), values_of(account, kind, one["properties"]))
        for one in raw.get("changes") or ()
    ]
    for record_id, values in pairs:
        record = record_of(account, kind, record_id)
        _follow_pipeline(account, record, values)
        writes.update(account, record, values, source=source, at=at)
    return len(pairs)


def log(account: Account, raw: Mapping[str, Any]) -> Record:
    """Log an activity or make a quote: `kind`, `on`, `at`, properties.

    `kind`: call, meeting, email, note, task, quote. `on` is `{"object", "id"}` or a
    list of those.
    """
    kind = kind_of(account, raw.get("kind"))
    properties: Json = dict(_ACTIVITY.get(kind.name, {}))
    at = account.clock.moment(raw.get("at"))
    if kind.is_engagement:
        properties["hs_timestamp"] = at
    if kind.name == "quotes":
        properties["hs_expiration_date"] = at + 30 * 86_400_000
    properties |= raw.get("properties") or {}
    if kind.name == "meetings":
        properties.setdefault("hs_meeting_start_time", at)
    on = raw.get("on") or []
    targets: Sequence[Any] = on if isinstance(on, list) else [on]
    # Planned activities lie ahead; they are still logged now.
    logged_at = min(at, account.clock.now_ms())
    record = make(
        account,
        {
            **raw,
            "object": kind.name,
            "properties": properties,
            "associations": targets,
            "at": logged_at,
        },
    )
    if kind.name == "quotes":
        record.values["hs_quote_number"] = f"Q-{record.id}"
    return record


_ACTIVITY: Mapping[str, Json] = {
    "calls": {
        "hs_call_title": "Call",
        "hs_call_direction": "OUTBOUND",
        "hs_call_status": "COMPLETED",
    },
    "meetings": {"hs_meeting_title": "Meeting", "hs_meeting_outcome": "COMPLETED"},
    "emails": {
        "hs_email_direction": "EMAIL",
        "hs_email_subject": "E-mail",
        "hs_email_status": "SENT",
    },
    "notes": {"hs_note_body": "Note"},
    "tasks": {"hs_task_subject": "Task", "hs_task_status": "NOT_STARTED"},
    "quotes": {"hs_title": "Quote", "hs_status": "APPROVAL_NOT_NEEDED"},
}


def _follow_pipeline(account: Account, record: Record, values: dict[str, str]) -> None:
    """Set the pipeline when only a stage of another one was given."""
    kind = record.type
    stage_id = values.get(kind.stage, "") if kind.stage else ""
    if not stage_id or kind.pipeline in values:
        return
    own = record.value(kind.pipeline)
    if account.pipelines.stage(kind.name, own, stage_id) is None:
        home = account.pipelines.home_of(kind.name, stage_id)
        if home is None:
            raise Refused(f"no pipeline of {kind.name} has a stage {stage_id!r}")
        values[kind.pipeline] = home.id
