"""Filling the org: a scenario by names, or opportunities by the thousand."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.salesforce import acts, rules
from adapters.sandbox.salesforce.org import Org

Json = dict[str, Any]


def seed(org: Org, raw: Mapping[str, Any]) -> Json:
    """Fill the org and return the ids of what has a `key`.

    `settings`, `users` (with `manager`, an address, and `type`), `fields`
    ({"Opportunity": [...]}), `stages`, `task_statuses`
    (whether each closes a task), `record_types` (object, name, values), `queues`
    (names), `rules`, `records` (as for making, with `key`, later `changes` and `log`,
    the activities on it), `bulk` (object, count, fields, owners, at). A field may name
    a record as `$key`. Nothing is told to anybody unless `events`.
    """
    org.settings.change(raw.get("settings") or {})
    _seed_users(org, raw.get("users") or ())
    for name, found in (raw.get("fields") or {}).items():
        for one in found:
            acts.kind_of(org, name).add(one)
    if raw.get("stages"):
        org.set_stages(tuple(raw["stages"]))
    if raw.get("task_statuses"):
        org.set_task_statuses(raw["task_statuses"])
    types = {
        str(one["name"]): _add_record_type(org, one)
        for one in raw.get("record_types") or ()
    }
    queues = {str(name): _add_queue(org, str(name)) for name in raw.get("queues") or ()}
    for one in raw.get("rules") or ():
        add_rule(org, one)
    keys: dict[str, str] = {}
    for one in raw.get("records") or ():
        _seed_record(org, one, keys)
    bulk = [_seed_bulk(org, one) for one in raw.get("bulk") or ()]
    if not raw.get("events"):
        org.outbox.clear()
    return {"ids": keys, "record_types": types, "queues": queues, "bulk": bulk}


def add_rule(org: Org, raw: Mapping[str, Any]) -> None:
    """Add a validation rule: as `rules.to_rule`, with `exempt` as addresses."""
    exempt = frozenset(org.user_id(str(one)) for one in raw.get("exempt") or ())
    org.rules.append(rules.to_rule(raw, exempt=exempt))


def _seed_users(org: Org, users: Any) -> None:
    for one in users:
        org.users.put(one)
    org.sync_users()
    for one in users:
        row = org.records["User"][org.user_id(str(one["email"]))]
        if one.get("manager"):
            row.values["ManagerId"] = org.user_id(str(one["manager"]))
        if one.get("type"):
            row.values["UserType"] = str(one["type"])


def _add_record_type(org: Org, raw: Mapping[str, Any]) -> str:
    """Add a record type with a process of its own: the values that it offers."""
    kind = acts.kind_of(org, raw.get("object"))
    now, by = org.clock.now_ms(), org.integration_id
    process_id = None
    if raw.get("values"):
        process = org.insert(
            "BusinessProcess",
            {"Name": raw["name"], "TableEnumOrId": kind.name, "IsActive": True},
            at=now,
            by=by,
        )
        process_id = process.id
        org.process_stages[process_id] = tuple(str(one) for one in raw["values"])
    row = {
        "Name": raw["name"],
        "DeveloperName": str(raw["name"]).replace(" ", "_"),
        "SobjectType": kind.name,
        "BusinessProcessId": process_id,
        "IsActive": bool(raw.get("is_active", True)),
    }
    return org.insert("RecordType", row, at=now, by=by).id


def _add_queue(org: Org, name: str) -> str:
    """Add a queue, which may own leads and tasks."""
    row = {"Name": name, "DeveloperName": name.replace(" ", "_"), "Type": "Queue"}
    at, by = org.clock.now_ms(), org.integration_id
    return org.insert("Group", row, at=at, by=by).id


def _seed_record(org: Org, raw: Mapping[str, Any], keys: dict[str, str]) -> None:
    fields = {
        name: keys.get(value[1:], value)
        if isinstance(value, str) and value.startswith("$")
        else value
        for name, value in (raw.get("fields") or {}).items()
    }
    record = acts.make(org, {**raw, "fields": fields})
    if raw.get("key"):
        keys[str(raw["key"])] = record.id
    for change in raw.get("changes") or ():
        acts.change(org, {**change, "id": record.id})
    for activity in raw.get("log") or ():
        acts.log(org, {**activity, "on": record.id})


def _seed_bulk(org: Org, raw: Mapping[str, Any]) -> list[str]:
    """Make `count` records; `{n}` in a text becomes the number. Return their ids."""
    owners = [str(one) for one in raw.get("owners") or ()]
    made: list[str] = []
    for number in range(int(raw["count"])):
        fields = {
            name: value.replace("{n}", str(number)) if isinstance(value, str) else value
            for name, value in (raw.get("fields") or {}).items()
        }
        if owners:
            fields["OwnerId"] = owners[number % len(owners)]
        one = {"object": raw.get("object"), "at": raw.get("at") or "-30d"}
        made.append(acts.make(org, {**one, "fields": fields}).id)
    return made
