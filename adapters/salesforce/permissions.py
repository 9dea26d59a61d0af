"""The permission sets of our user, from the rights that the adapter needs. Pure.

Salesforce grants some rights object by object, some by a permission of the user, and
some with those on another object:
developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_permissionset.htm
"""

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree.ElementTree import (  # the parser itself is defusedxml's
    Element,
    SubElement,
    indent,
    tostring,
)

from defusedxml.ElementTree import fromstring

from adapters.salesforce.kinds import (
    MODIFIED,
    OWNER_FIELD,
    RECORD_TYPE,
    TYPES,
    ObjectType,
)
from adapters.salesforce.rights import RIGHTS, WRITTEN, Access
from rules.model import FieldMap, FieldName, Kind, PropertyName

BY_PERMISSION: Mapping[tuple[str, Access], tuple[str, ...]] = MappingProxyType(
    {
        ("Task", Access.READ): ("ActivitiesAccess",),
        ("Task", Access.CREATE): ("ActivitiesAccess", "EditTask"),
        ("Event", Access.READ): ("ActivitiesAccess",),
    }
)
"""Rights that come with permissions of the user."""
BY_ANOTHER = frozenset(
    {
        *("OpportunityHistory", "OpportunityContactRole", "LeadHistory"),
        *("FeedItem", "EmailMessage", "User"),
    }
)
"""Objects open to who may see the record that they belong to; users are to all."""
BASIC = "ApiEnabled"
"""The permission to call the API at all."""
APART: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"Quote": ("Account", "Contact", "Opportunity")}
)
"""Objects that an organisation may lack: to grant a right on one fails there.

By each are those that a set must let read which lets read it.
"""

_METADATA = "http://soap.sforce.com/2006/04/metadata"
_ALWAYS = frozenset(
    {
        *("Id", "Name", OWNER_FIELD, "CreatedDate", "LastModifiedDate", MODIFIED),
        *(RECORD_TYPE, "CurrencyIsoCode", "LastActivityDate"),
    }
)
_ALWAYS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Opportunity": frozenset({"StageName", "CloseDate", "ForecastCategoryName"}),
        "Lead": frozenset({"Status", "Company", "FirstName", "LastName"}),
        "Contact": frozenset({"FirstName", "LastName"}),
    }
)
"""Fields that whoever sees the record sees: a set that names one is refused."""
_WITHIN: Mapping[str, str] = MappingProxyType(
    {"BillingCity": "BillingAddress", "BillingCountry": "BillingAddress"}
)
"""Fields that are granted as parts of another."""
_ACTIVITIES: Mapping[str, bool] = MappingProxyType(
    {"Description": True, "Type": False, "WhatId": True, "WhoId": True}
)
"""Tasks and events share the rights on these, and what one of them lacks is taken from
both: "Shared Field-Level Security for Event and Task Objects" in the Object Reference.
Nobody edits an event by them, which takes a permission of its own.
"""
_BESIDES: Mapping[str, Mapping[str, bool]] = MappingProxyType(
    {
        "Contact": {"AccountId": False},
        "Event": _ACTIVITIES,
        "Opportunity": {"AccountId": False},
        "Quote": {"Status": False},
        "Task": {**_ACTIVITIES, "ActivityDate": True, "CompletedDateTime": False},
    }
)
"""What evidence, notes and tasks need, and whether they are written."""

Fields = Mapping[Kind, FieldMap]
Names = Mapping[Kind, frozenset[PropertyName]]


def grant(text: str, *, fields: Fields, restored: Names) -> str:
    """Return the permission set `text` with every right that the adapter needs.

    `fields` are those that policies name; of them `restored` are put back.
    """
    needed = _needed()
    rights = {name: needed[name] for name in needed.keys() - APART.keys()}
    return _grant(text, rights, _fields(fields, restored), {BASIC})


def grant_apart(text: str) -> str:
    """Return the permission set `text` with the rights on what may not be there."""
    needed = _needed()
    fields = _fields({}, {})
    rights = {below: {Access.READ} for name in APART for below in APART[name]}
    rights |= {name: needed[name] for name in APART}
    return _grant(text, rights, {name: fields[name] for name in APART}, set())


def _needed() -> dict[str, set[Access]]:
    found: dict[str, set[Access]] = {}
    for right in RIGHTS:
        found.setdefault(right.object, set()).add(right.access)
    return found


def _grant(
    text: str,
    rights: Mapping[str, set[Access]],
    fields: Mapping[str, Mapping[str, bool]],
    permissions: set[str],
) -> str:
    root: Element = fromstring(text)
    for name in sorted(rights):
        for field, is_written in sorted(fields.get(name, {}).items()):
            _add(
                root,
                "fieldPermissions",
                editable=is_written,
                field=f"{name}.{field}",
                readable=True,
            )
    for name in sorted(rights.keys() - BY_ANOTHER):
        accesses = rights[name]
        by_permission = [BY_PERMISSION.get((name, access)) for access in accesses]
        permissions = permissions.union(*filter(None, by_permission))
        if not all(by_permission):
            _add_object(root, name, accesses)
    for permission in sorted(permissions):
        _add(root, "userPermissions", enabled=True, name=permission)
    root[:] = sorted(root, key=lambda one: one.tag)
    indent(root, "    ")
    body = tostring(root, "unicode", default_namespace=_METADATA)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _named(type_: ObjectType, fields: FieldMap) -> set[PropertyName]:
    """Return the fields of an object that a policy means.

    What goes by its own name is the usual field of that name, or Salesforce's own. A
    word of ours for something that Salesforce has not, such as why a deal was lost, is
    neither.
    """
    found = {
        type_.builtin.get(ours, theirs) if str(ours) == theirs else theirs
        for ours, theirs in fields.items()
    }
    return {name for name in found if name[:1].isupper() or name.endswith("__c")}


def _add_object(root: Element, name: str, accesses: set[Access]) -> None:
    _add(
        root,
        "objectPermissions",
        allowCreate=Access.CREATE in accesses,
        allowDelete=False,
        allowEdit=Access.EDIT in accesses,
        allowRead=True,
        modifyAllRecords=False,
        object=name,
        # A record that is hidden from us would go by without being judged.
        viewAllRecords=True,
    )


def _add(root: Element, tag: str, **values: str | bool) -> None:
    made = SubElement(root, f"{{{_METADATA}}}{tag}")
    for name, value in values.items():
        text = value if isinstance(value, str) else str(value).lower()
        SubElement(made, f"{{{_METADATA}}}{name}").text = text


def _fields(fields: Fields, restored: Names) -> Mapping[str, Mapping[str, bool]]:
    """Return the fields to grant, by object, and whether each is written."""
    found = {name: dict(one) for name, one in _BESIDES.items()}
    for kind, type_ in TYPES.items():
        named = _named(type_, fields.get(kind, {}))
        written = {
            *(type_.builtin.get(FieldName(one), one) for one in restored.get(kind, ())),
            *(WRITTEN if kind is Kind.DEAL else ()),
        }
        always = _ALWAYS | _ALWAYS_OF.get(type_.name, frozenset())
        for name in {*type_.builtin.values(), *named} - always:
            own = found.setdefault(type_.name, {})
            own[_WITHIN.get(name, name)] = name in written
    return found
