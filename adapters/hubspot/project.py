"""The project that sets an account up: an app, its scopes and its webhooks. Pure.

Its files are in the folder `project` beside this one; what depends on the installation
is filled in here. Shapes: developers.hubspot.com/docs/apps/developer-platform/
build-apps/app-configuration and .../add-features/configure-webhooks on that host.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

from adapters.hubspot import scopes
from adapters.hubspot.kinds import (
    CONTACTS_AS_LEADS,
    OWNER_PROPERTY,
    TYPES,
    UNTOLD,
    ObjectType,
)
from rules.model import AMOUNT, CLOSE_DATE, FieldMap, Kind

Subscription = dict[str, Any]

PROJECT = "hsproject.json"
APP = "src/app/app-hsmeta.json"
WEBHOOKS = "src/app/webhooks/webhooks-hsmeta.json"

BASIC_SCOPE = "oauth"
"""Opens nothing; HubSpot's own templates have it in every app."""

_EVENTS = ("creation", "deletion", "merge", "restore", "associationChange")
_USUAL = (AMOUNT, CLOSE_DATE)
_USUAL_SOMEWHERE = frozenset(name for one in TYPES.values() for name in one.builtin)
_OBJECT = {"deals": "deal", "leads": "lead", "contacts": "contact"}
"""What a subscription calls the objects of a type."""


def to_files(
    *,
    webhook_url: str,
    fields: Mapping[Kind, FieldMap],
    has_leads: bool = True,
    before: Mapping[str, str] = MappingProxyType({}),
) -> Mapping[str, str]:
    """Return the project's files, each text by its path.

    `fields` are those that the published policies name, by the kind of record that
    they are on; deals are always followed. Where an account has no leads, its contacts
    are followed in their stead. `before` are the files as they were last made.
    """
    types = [(TYPES[Kind.DEAL], fields.get(Kind.DEAL, {}))]
    if Kind.LEAD in fields:
        leads = TYPES[Kind.LEAD] if has_leads else CONTACTS_AS_LEADS
        types.append((leads, fields[Kind.LEAD]))
    wanted = [one for type_, named in types for one in _subscriptions(type_, named)]
    last = json.loads(before[WEBHOOKS]) if WEBHOOKS in before else {}
    subscriptions = [*wanted, *_ended(last, wanted)]
    app, webhooks = _load(APP), _load(WEBHOOKS)
    webhooks["config"]["settings"]["targetUrl"] = webhook_url
    webhooks["config"]["subscriptions"]["crmObjects"] = subscriptions
    # Also for those that are switched off: HubSpot wants the scope of every one.
    with_leads = any(one["objectType"] == "lead" for one in subscriptions)
    app["config"]["auth"]["requiredScopes"] = [
        BASIC_SCOPE,
        *scopes.required(with_leads=with_leads),
    ]
    found = {PROJECT: _load(PROJECT), APP: app, WEBHOOKS: webhooks}
    return {path: json.dumps(text, indent=2) + "\n" for path, text in found.items()}


def _subscriptions(type_: ObjectType, fields: FieldMap) -> Iterator[Subscription]:
    of_type = {"objectType": _OBJECT[type_.name], "active": True}
    for event in _EVENTS:
        yield {"subscriptionType": f"object.{event}", **of_type}
    usual = [type_.builtin[one] for one in _USUAL if one in type_.builtin]
    pipeline = [type_.pipeline] if type_.pipeline else []
    standing = [type_.stage, *pipeline, OWNER_PROPERTY, *usual]
    named = {
        # A field that goes by its own name is the usual one of that name, if any is; a
        # word of ours that is usual for other records only is none of these.
        type_.builtin.get(ours, theirs) if str(ours) == theirs else theirs
        for ours, theirs in fields.items()
        if ours in type_.builtin or str(ours) != theirs or ours not in _USUAL_SOMEWHERE
    }
    told = (one for one in (*standing, *sorted(named)) if one not in UNTOLD)
    for name in dict.fromkeys(told):
        yield {
            "subscriptionType": "object.propertyChange",
            "propertyName": name,
            **of_type,
        }


def _ended(
    before: Mapping[str, Any], wanted: Collection[Subscription]
) -> list[Subscription]:
    """Return, switched off, the subscriptions that were there and are not wanted now.

    HubSpot refuses an upload in which one is missing.
    """
    found = before.get("config", {}).get("subscriptions", {}).get("crmObjects", [])
    return [
        one
        for one in ({**each, "active": False} for each in found)
        if {**one, "active": True} not in wanted
    ]


def _load(path: str) -> dict[str, Any]:
    folder = resources.files(__package__) / "project"
    loaded: dict[str, Any] = json.loads(folder.joinpath(path).read_text("utf-8"))
    return loaded
