"""What Salesforce publishes about the shape of these metadata types, as a check.

The Metadata API Developer Guide (developer.salesforce.com/docs/atlas.en-us.api_meta
.meta/api_meta): Flow, Workflow, CustomPermission, PermissionSet,
ExternalClientApplication, ExtlClntApp*, PlatformEventChannelMember. Folders and
suffixes: the registry of the Salesforce CLI. Project file: its published schema
(sfdx-project.schema.json).
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import ParseError, fromstring

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_READ_WITH = {
    "Account": {"Contact"},
    "Contact": {"Account"},
    "Opportunity": {"Account"},
    "Quote": {"Opportunity"},
}
"""What one set must let read as well: "Permission Read Quote depends on ..."."""
_SHARED = {"Description", "Type", "WhatId", "WhoId"}
"""Fields on which tasks and events have one right, so that both must say the same:
"Shared Field-Level Security for Event and Task Objects" in the Object Reference.
"""
NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
PLACE = re.compile(r"SLAGBOOM_[A-Z_]+")

TEXT, FLAG, NUMBER, URL = "text", "true or false", "number", "web address"
Leaf = str | frozenset[str]
Shape = Mapping[str, "tuple[Leaf | Shape, str]"]
"""Of each child what it holds, and how often it may be there: 1, ?, + or *."""

_CONNECTOR: Shape = {"targetReference": (TEXT, "1")}
_VALUE: Shape = {"stringValue": (TEXT, "1")}
_FLOW: Shape = {
    "actionCalls": (
        {
            "name": (TEXT, "1"),
            "label": (TEXT, "1"),
            "locationX": (NUMBER, "1"),
            "locationY": (NUMBER, "1"),
            "actionName": (TEXT, "1"),
            "actionType": (frozenset({"outboundMessage"}), "1"),
            "connector": (_CONNECTOR, "?"),
            "flowTransactionModel": (
                frozenset({"Automatic", "CurrentTransaction", "NewTransaction"}),
                "?",
            ),
            "nameSegment": (TEXT, "?"),
        },
        "+",
    ),
    "apiVersion": (NUMBER, "1"),
    "description": (TEXT, "?"),
    "environments": (frozenset({"Default", "Offline", "Slack"}), "?"),
    "interviewLabel": (TEXT, "?"),
    "label": (TEXT, "1"),
    "processMetadataValues": ({"name": (TEXT, "1"), "value": (_VALUE, "1")}, "*"),
    "processType": (frozenset({"AutoLaunchedFlow"}), "1"),
    "start": (
        {
            "locationX": (NUMBER, "1"),
            "locationY": (NUMBER, "1"),
            "connector": (_CONNECTOR, "1"),
            "filterFormula": (TEXT, "?"),
            "object": (TEXT, "1"),
            "recordTriggerType": (
                frozenset({"Create", "CreateAndUpdate", "Update"}),
                "1",
            ),
            "triggerType": (frozenset({"RecordAfterSave"}), "1"),
        },
        "1",
    ),
    "status": (frozenset({"Active", "Draft", "InvalidDraft", "Obsolete"}), "1"),
}
_WORKFLOW: Shape = {
    "outboundMessages": (
        {
            "fullName": (TEXT, "1"),
            "apiVersion": (NUMBER, "1"),
            "description": (TEXT, "?"),
            "endpointUrl": (URL, "1"),
            "fields": (TEXT, "+"),
            "includeSessionId": (FLAG, "1"),
            "integrationUser": (TEXT, "1"),
            "name": (TEXT, "1"),
            "protected": (FLAG, "1"),
            "useDeadLetterQueue": (FLAG, "?"),
        },
        "+",
    )
}
_PERMISSION_SET: Shape = {
    "customPermissions": ({"enabled": (FLAG, "1"), "name": (TEXT, "1")}, "*"),
    "description": (TEXT, "?"),
    "fieldPermissions": (
        {"editable": (FLAG, "1"), "field": (TEXT, "1"), "readable": (FLAG, "1")},
        "*",
    ),
    "hasActivationRequired": (FLAG, "?"),
    "label": (TEXT, "1"),
    "objectPermissions": (
        {
            "allowCreate": (FLAG, "1"),
            "allowDelete": (FLAG, "1"),
            "allowEdit": (FLAG, "1"),
            "allowRead": (FLAG, "1"),
            "modifyAllRecords": (FLAG, "1"),
            "object": (TEXT, "1"),
            "viewAllRecords": (FLAG, "1"),
        },
        "*",
    ),
    "userPermissions": ({"enabled": (FLAG, "1"), "name": (TEXT, "1")}, "*"),
}
_APP: Shape = {
    "contactEmail": (TEXT, "1"),
    "description": (TEXT, "?"),
    "distributionState": (frozenset({"Local", "Packaged"}), "1"),
    "isProtected": (FLAG, "?"),
    "label": (TEXT, "1"),
}
_GLOBAL: Shape = {
    "callbackUrl": (URL, "1"),
    "externalClientApplication": (TEXT, "1"),
    "isClientCredentialsFlowEnabled": (FLAG, "?"),
    "isConsumerSecretOptional": (FLAG, "?"),
    "isIntrospectAllTokens": (FLAG, "?"),
    "isPkceRequired": (FLAG, "?"),
    "isSecretRequiredForRefreshToken": (FLAG, "?"),
    "label": (TEXT, "1"),
    "shouldRotateConsumerKey": (FLAG, "?"),
    "shouldRotateConsumerSecret": (FLAG, "?"),
}
_SETTINGS: Shape = {
    "commaSeparatedOauthScopes": (TEXT, "1"),
    "externalClientApplication": (TEXT, "1"),
    "label": (TEXT, "1"),
}
_POLICIES: Shape = {
    "clientCredentialsFlowUser": (TEXT, "?"),
    "commaSeparatedPermissionSet": (TEXT, "?"),
    "externalClientApplication": (TEXT, "1"),
    "ipRelaxationPolicyType": (
        frozenset({"Enforce", "Bypass", "Bypass_2factor", "Enforce_RelaxRefresh"}),
        "?",
    ),
    "isClientCredentialsFlowEnabled": (FLAG, "?"),
    "label": (TEXT, "1"),
    "permittedUsersPolicyType": (
        frozenset({"AdminApprovedPreAuthorized", "AllSelfAuthorized"}),
        "?",
    ),
    "refreshTokenPolicyType": (
        frozenset({"Infinite", "SpecificInactivity", "SpecificLifetime", "Zero"}),
        "?",
    ),
}
_PERMISSION: Shape = {
    "description": (TEXT, "?"),
    "isLicensed": (FLAG, "?"),
    "label": (TEXT, "1"),
}
_MEMBER: Shape = {"eventChannel": (TEXT, "1"), "selectedEntity": (TEXT, "1")}

TYPES: Mapping[tuple[str, str], tuple[str, Shape]] = {
    ("flows", "flow"): ("Flow", _FLOW),
    ("workflows", "workflow"): ("Workflow", _WORKFLOW),
    ("customPermissions", "customPermission"): ("CustomPermission", _PERMISSION),
    ("permissionsets", "permissionset"): ("PermissionSet", _PERMISSION_SET),
    ("externalClientApps", "eca"): ("ExternalClientApplication", _APP),
    ("extlClntAppGlobalOauthSets", "ecaGlblOauth"): (
        "ExtlClntAppGlobalOauthSettings",
        _GLOBAL,
    ),
    ("extlClntAppOauthSettings", "ecaOauth"): ("ExtlClntAppOauthSettings", _SETTINGS),
    ("extlClntAppOauthPolicies", "ecaOauthPlcy"): (
        "ExtlClntAppOauthConfigurablePolicies",
        _POLICIES,
    ),
    ("platformEventChannelMembers", "platformEventChannelMember"): (
        "PlatformEventChannelMember",
        _MEMBER,
    ),
}


def faults(files: Mapping[str, str]) -> list[str]:
    """Return what Salesforce would refuse of a project; nothing if it would take it."""
    found = [*_project(files)]
    components: dict[tuple[str, str], Element] = {}
    for path, text in files.items():
        if not path.endswith(".xml"):
            continue
        try:
            root = fromstring(text)
        except ParseError as error:
            found.append(f"{path}: {error}")
            continue
        folder, name, suffix = _parts(path)
        type_, shape = TYPES.get((folder, suffix), ("", {}))
        if root.tag != NAMESPACE + type_:
            found.append(f"{path} is not where its type belongs")
            continue
        if type_ != "Workflow" and not NAME.fullmatch(name):
            found.append(f"{path} has no name that can be used")
        found += [f"{path}: {fault}" for fault in _shape(root, shape)]
        components[type_, name] = root
    return [*found, *_references(components)]


def _parts(path: str) -> tuple[str, str, str]:
    where = PurePosixPath(path)
    name, _, suffix = where.name.removesuffix("-meta.xml").partition(".")
    return where.parent.name, name, suffix


def _shape(element: Element, shape: Shape) -> Iterator[str]:
    tags = [one.tag.removeprefix(NAMESPACE) for one in element]
    groups = [tag for tag, _ in groupby(tags)]
    if len(set(groups)) < len(groups):
        # "Element ... is duplicated at this location in type ..."
        yield f"elements of one name stand apart in {tags}"
    for tag in set(tags) - shape.keys():
        yield f"{tag} is unknown"
    for tag, (kind, often) in shape.items():
        children = element.findall(NAMESPACE + tag)
        if often in "1+" and not children:
            yield f"{tag} is missing"
        if often in "1?" and len(children) > 1:
            yield f"{tag} is there twice"
        for child in children:
            if isinstance(kind, Mapping):
                yield from _shape(child, kind)
            else:
                yield from _leaf(tag, child, kind)


def _leaf(tag: str, element: Element, kind: Leaf) -> Iterator[str]:
    text = element.text or ""
    if len(element) or not text.strip():
        yield f"{tag} holds no text"
    elif isinstance(kind, frozenset):
        if text not in kind:
            yield f"{tag} cannot be {text}"
    elif kind == FLAG and text not in {"true", "false"}:
        yield f"{tag} is neither true nor false"
    elif kind == NUMBER and not re.fullmatch(r"\d+(\.0)?", text):
        yield f"{tag} is no number"
    elif kind == URL and urlsplit(text).scheme != "https":
        yield f"{tag} is no https address"


def _project(files: Mapping[str, str]) -> Iterator[str]:
    try:
        project = json.loads(files["sfdx-project.json"])
    except (KeyError, ValueError):
        yield "sfdx-project.json is missing or no JSON"
        return
    known = {"name", "packageDirectories", "namespace", "sourceApiVersion"}
    if extra := project.keys() - known - {"replacements"}:
        yield f"sfdx-project.json has {extra}"
    folders = [one.get("path") for one in project.get("packageDirectories", ())]
    if len([one for one in project["packageDirectories"] if one.get("default")]) != 1:
        yield "there must be one default package directory"
    used = {path.split("/")[0] for path in files if "/" in path}
    if used != set(folders):
        yield f"the package directories are {folders}, the files are in {used}"
    replaced = set()
    for one in project.get("replacements", ()):
        if one.keys() != {"filename", "stringToReplace", "replaceWithEnv"}:
            yield f"a replacement has {sorted(one)}"
            continue
        replaced.add((one["filename"], one["stringToReplace"]))
        if one["stringToReplace"] not in files.get(one["filename"], ""):
            yield f"{one['stringToReplace']} is not in {one['filename']}"
    left = {
        (path, place)
        for path, text in files.items()
        if path != "sfdx-project.json"
        for place in PLACE.findall(text)
    }
    if left - replaced:
        yield f"nothing replaces {left - replaced}"


def _references(components: Mapping[tuple[str, str], Element]) -> Iterator[str]:
    messages = {
        f"{name}.{message.findtext(NAMESPACE + 'fullName')}"
        for (type_, name), root in components.items()
        if type_ == "Workflow"
        for message in root
    }
    for (type_, name), root in components.items():
        if type_ == "Flow":
            yield from _flow(name, root, messages, components)
        elif type_ == "PermissionSet":
            yield from _permission_set(name, root, components)
        elif type_ == "PlatformEventChannelMember":
            channel = root.findtext(f"{NAMESPACE}eventChannel")
            entity = root.findtext(f"{NAMESPACE}selectedEntity") or ""
            if name != f"{channel}_{entity}" or not entity.endswith("ChangeEvent"):
                yield f"{name} is not the name of {entity} on {channel}"
        for tag, wanted in (
            ("externalClientApplication", "ExternalClientApplication"),
            ("commaSeparatedPermissionSet", "PermissionSet"),
        ):
            found = root.findtext(NAMESPACE + tag)
            if found is not None and (wanted, found) not in components:
                yield f"{name} refers to {found}, which is not there"


def _flow(
    name: str,
    root: Element,
    messages: set[str],
    components: Mapping[tuple[str, str], Element],
) -> Iterator[str]:
    elements = {
        one.text for one in root.findall(f"{NAMESPACE}actionCalls/{NAMESPACE}name")
    }
    for target in root.iter(f"{NAMESPACE}targetReference"):
        if target.text not in elements:
            yield f"{name} goes on to {target.text}, which is not there"
    object_ = root.findtext(f"{NAMESPACE}start/{NAMESPACE}object")
    for call in root.findall(f"{NAMESPACE}actionCalls"):
        action = call.findtext(f"{NAMESPACE}actionName") or ""
        if action not in messages or call.findtext(f"{NAMESPACE}nameSegment") != action:
            yield f"{name} sends {action}, which is not there"
        if action.partition(".")[0] != object_:
            yield f"{name} runs on {object_} and sends {action}"
    formula = root.findtext(f"{NAMESPACE}start/{NAMESPACE}filterFormula") or ""
    for permission in re.findall(r"\$Permission\.(\w+)", formula):
        if ("CustomPermission", permission) not in components:
            yield f"{name} asks for {permission}, which is not there"


def _permission_set(
    name: str, root: Element, components: Mapping[tuple[str, str], Element]
) -> Iterator[str]:
    for tag, key in (
        ("objectPermissions", "object"),
        ("fieldPermissions", "field"),
        ("userPermissions", "name"),
    ):
        keys = [one.text for one in root.findall(f"{NAMESPACE}{tag}/{NAMESPACE}{key}")]
        if len(set(keys)) < len(keys):
            yield f"{name} has two {tag} for one {key}"
    for one in root.findall(f"{NAMESPACE}customPermissions/{NAMESPACE}name"):
        if ("CustomPermission", one.text) not in components:
            yield f"{name} grants {one.text}, which is not there"
    for one in root.findall(f"{NAMESPACE}objectPermissions"):
        rights = {child.tag.removeprefix(NAMESPACE): child.text for child in one}
        read = {"allowCreate", "allowDelete", "allowEdit", "viewAllRecords"}
        if rights["allowRead"] != "true" and "true" in {
            rights[right] for right in read
        }:
            yield f"{name} grants more than reading without reading {rights['object']}"
    yield from _read_together(name, root)
    for one in root.findall(f"{NAMESPACE}fieldPermissions"):
        if one.findtext(f"{NAMESPACE}editable") == "true" and (
            one.findtext(f"{NAMESPACE}readable") != "true"
        ):
            yield f"{name} has a field that is written and not read"
    yield from _activities(name, root)


def _activities(name: str, root: Element) -> Iterator[str]:
    found: dict[str, dict[str, str | None]] = {"Task": {}, "Event": {}}
    for one in root.findall(f"{NAMESPACE}fieldPermissions"):
        object_, _, field = (one.findtext(f"{NAMESPACE}field") or "").partition(".")
        if object_ in found and (field in _SHARED or field.endswith("__c")):
            found[object_][field] = one.findtext(f"{NAMESPACE}editable")
    if found["Task"] != found["Event"]:
        yield f"{name} grants on tasks {found['Task']}, on events {found['Event']}"


def _read_together(name: str, root: Element) -> Iterator[str]:
    path = f"{NAMESPACE}objectPermissions/{NAMESPACE}object"
    found = {one.text or "" for one in root.findall(path)}
    for object_ in found & _READ_WITH.keys():
        if missing := _READ_WITH[object_] - found:
            yield f"{name} lets read {object_} without {missing}"
