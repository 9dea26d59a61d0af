"""What HubSpot publishes about the shape of a project, as a check.

Names, kinds and limits: developers.hubspot.com/docs/apps/developer-platform/build-apps/
app-configuration, .../authentication/scopes and .../add-features/configure-webhooks.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

PLATFORMS = {"2025.2", "2026.03"}
FOLDERS = {"app": "app", "webhooks": "app/webhooks"}
EVENTS = {
    "object.creation",
    "object.deletion",
    "object.merge",
    "object.restore",
    "object.propertyChange",
    "object.associationChange",
}
SCOPE_OF = {"deal": "deals", "lead": "leads", "contact": "contacts"}
Json = Mapping[str, Any]


def faults(files: Mapping[str, str]) -> list[str]:
    """Return what HubSpot would refuse of a project; nothing if it would take it."""
    try:
        loaded = {path: json.loads(text) for path, text in files.items()}
    except ValueError as error:
        return [f"no JSON: {error}"]
    project = loaded.pop("hsproject.json", None)
    if project is None:
        return ["hsproject.json is missing"]
    return [
        *_project(project),
        *_components(loaded, str(project.get("srcDir"))),
    ]


def _project(project: Json) -> Iterator[str]:
    yield from _keys("hsproject", project, {"name", "srcDir", "platformVersion"})
    if project.get("platformVersion") not in PLATFORMS:
        yield "platformVersion is none that HubSpot has"


def _components(loaded: Mapping[str, Json], source: str) -> Iterator[str]:
    for path, component in loaded.items():
        where = PurePosixPath(path)
        yield from _keys(path, component, {"uid", "type", "config"})
        if not where.name.endswith("-hsmeta.json"):
            yield f"{path} does not end in -hsmeta.json"
        expected = FOLDERS.get(str(component.get("type")))
        if expected is None or str(where.parent) != f"{source}/{expected}":
            yield f"{path} is not where its type belongs"
        if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,64}", str(component.get("uid"))):
            yield f"{path} has no uid that can be used"
    uids = [one.get("uid") for one in loaded.values()]
    if len(set(uids)) < len(uids):
        yield "two components have one uid"
    by_type = {one.get("type"): one.get("config", {}) for one in loaded.values()}
    if len(by_type) < len(loaded) or by_type.keys() != FOLDERS.keys():
        yield "there must be one app and one set of webhooks"
        return
    yield from _app(by_type["app"])
    yield from _webhooks(by_type["webhooks"], by_type["app"])


def _app(app: Json) -> Iterator[str]:
    yield from _keys(
        "app", app, {"name", "description", "distribution", "auth"}, {"permittedUrls"}
    )
    name = str(app.get("name"))
    if not 1 <= len(name) <= 200 or name != name.strip():
        yield "the app's name cannot be used"
    if not 1 <= len(str(app.get("description"))) <= 8192:
        yield "the app's description cannot be used"
    auth = app.get("auth", {})
    # What has a static token can ask for required scopes only, and is private.
    yield from _keys("auth", auth, {"type", "requiredScopes"})
    if (app.get("distribution"), auth.get("type")) != ("private", "static"):
        yield "the app is not a private one with a static token"
    scopes = auth.get("requiredScopes") or []
    if not scopes or len(set(scopes)) < len(scopes):
        yield "scopes are missing or double"


def _webhooks(webhooks: Json, app: Json) -> Iterator[str]:
    yield from _keys("webhooks", webhooks, {"settings", "subscriptions"})
    settings = webhooks.get("settings", {})
    yield from _keys("settings", settings, {"targetUrl", "maxConcurrentRequests"})
    url = urlsplit(str(settings.get("targetUrl")))
    if url.scheme != "https" or not url.hostname:
        yield "targetUrl is no https address"
    if not int(settings.get("maxConcurrentRequests", 0)) > 5:
        yield "maxConcurrentRequests must be more than five"
    kinds = {"crmObjects", "legacyCrmObjects", "hubEvents"}
    subscriptions = webhooks.get("subscriptions", {})
    yield from _keys("subscriptions", subscriptions, kinds)
    seen = set()
    for one in subscriptions.get("crmObjects", ()):
        event, name = one.get("subscriptionType"), one.get("propertyName")
        optional = {"propertyName"} if event == "object.propertyChange" else set()
        yield from _keys(
            "subscription",
            one,
            {"subscriptionType", "objectType", "active", *optional},
        )
        if event not in EVENTS:
            yield f"{event} is no event of a record"
        if not isinstance(one.get("active"), bool):
            yield "active must be true or false"
        scope = f"crm.objects.{SCOPE_OF.get(str(one.get('objectType')))}.read"
        if scope not in app.get("auth", {}).get("requiredScopes", ()):
            yield f"{one.get('objectType')} may not be read"
        if (key := (event, one.get("objectType"), name)) in seen:
            yield f"{key} is subscribed to twice"
        seen.add(key)
    if len(seen) > 1000:
        yield "there are more than a thousand subscriptions"


def _keys(
    what: str,
    found: Json,
    required: set[str],
    optional: frozenset[str] | set[str] = frozenset(),
) -> Iterator[str]:
    missing, unknown = required - found.keys(), found.keys() - required - optional
    if missing:
        yield f"{what} lacks {sorted(missing)}"
    if unknown:
        yield f"{what} has {sorted(unknown)}, which is unknown"
