"""Filling the account: a scenario by names, or deals by the thousand."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.hubspot import acts, writes
from adapters.sandbox.hubspot.account import Account, StageRule
from adapters.sandbox.hubspot.records import Source

Json = dict[str, Any]


def seed(account: Account, raw: Mapping[str, Any]) -> Json:
    """Fill the account and return the ids of what has a `key`.

    `settings`, `users`, `properties` ({"deals": [...]}), `pipelines` (likewise),
    `rules`, `records` (as for making, with `key`, later `changes` and `log`, the
    activities on it), `bulk` (object, count, properties, owners, at). An association
    may name a `key` instead of an id. Nothing is told to the apps unless `events`.
    """
    account.settings.change(raw.get("settings") or {})
    for user in raw.get("users") or ():
        account.users.put(user)
    for kind, found in (raw.get("properties") or {}).items():
        for one in found:
            account.schema.add(acts.kind_of(account, kind).name, one)
    for kind, found in (raw.get("pipelines") or {}).items():
        for one in found:
            account.pipelines.put(
                acts.kind_of(account, kind).name, one, account.clock.now_ms()
            )
    for one in raw.get("rules") or ():
        add_rule(account, one)
    keys: dict[str, str] = {}
    for one in raw.get("records") or ():
        _seed_record(account, one, keys)
    bulk = [_seed_bulk(account, one) for one in raw.get("bulk") or ()]
    if not raw.get("events"):
        account.outbox.clear()
    return {"ids": keys, "bulk": bulk}


def add_rule(account: Account, raw: Mapping[str, Any]) -> None:
    """Add an admin's rule: object, stage, required."""
    kind = acts.kind_of(account, raw.get("object"))
    required = tuple(str(name) for name in raw.get("required") or ())
    account.rules.append(StageRule(kind.name, str(raw["stage"]), required))


def _seed_record(
    account: Account, raw: Mapping[str, Any], keys: dict[str, str]
) -> None:
    one = dict(raw)
    one["associations"] = [
        {**link, "id": keys.get(str(link.get("key")), link.get("id"))}
        for link in raw.get("associations") or ()
    ]
    record = acts.make(account, one)
    if raw.get("key"):
        keys[str(raw["key"])] = record.id
    here = {"object": record.type.name, "id": record.id}
    for change in raw.get("changes") or ():
        acts.change(account, {**change, **here})
    for activity in raw.get("log") or ():
        acts.log(account, {**activity, "on": here})


def _seed_bulk(account: Account, raw: Mapping[str, Any]) -> list[str]:
    """Make `count` records; `{n}` in a text becomes the number. Return their ids."""
    kind = acts.kind_of(account, raw.get("object"))
    at = account.clock.moment(raw.get("at") or "-30d")
    properties = raw.get("properties") or {}
    numbered = {
        name: str(value)
        for name, value in properties.items()
        if isinstance(value, str) and "{n}" in value
    }
    shared = acts.values_of(
        account,
        kind,
        {name: value for name, value in properties.items() if name not in numbered},
    )
    owners = [acts.owner_of(account, one) for one in raw.get("owners") or ()]
    source = Source("IMPORT", "1")
    ids: list[str] = []
    for number in range(int(raw["count"])):
        values = dict(shared)
        for name, value in numbered.items():
            values[name] = value.replace("{n}", str(number))
        if owners:
            values["hubspot_owner_id"] = owners[number % len(owners)]
        ids.append(writes.create(account, kind, values, source=source, at=at).id)
    return ids
