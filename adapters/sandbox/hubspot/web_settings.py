"""What describes the account: pipelines, properties, owners, teams, tokens."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.sandbox.clock import iso
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.errors import ApiError, not_found
from adapters.sandbox.hubspot.pipelines import Pipeline
from adapters.sandbox.hubspot.web_call import Answer, Call, Frame
from adapters.sandbox.users import User

Json = dict[str, Any]


def register(frame: Frame) -> None:
    """Serve these paths."""
    for family, rest, view, operation in (
        ("pipelines", "/<object_type>", pipelines, "pipelines.list"),
        ("pipelines", "/<object_type>/<pipeline_id>", pipeline, "pipelines.read"),
        ("pipelines", "/<object_type>/<pipeline_id>/stages", stages, "stages.list"),
        ("properties", "/<object_type>", properties, "properties.list"),
        ("properties", "/<object_type>/<name>", one_property, "properties.read"),
        ("owners", "", owners, "owners.list"),
        ("owners", "/<owner_id>", owner, "owners.read"),
    ):
        frame.route(family, rest, view, methods=["GET"], operation=operation)
    frame.route(
        "properties",
        "/<object_type>",
        add_property,
        methods=["POST"],
        operation="properties.create",
    )
    for path, view, method, operation in (
        ("/account-info/<version>/details", details, "GET", "account.details"),
        ("/settings/<version>/users/teams", teams, "GET", "teams.list"),
        (
            "/oauth/v2/private-apps/get/access-token-info",
            token_info,
            "POST",
            "token.info",
        ),
    ):
        frame.plain(path, view, methods=[method], operation=operation)


def pipelines(call: Call, object_type: str) -> Answer:
    """Return the pipelines of an object type."""
    kind = call.kind(object_type)
    call.allow_any_read()
    found = call.account.pipelines.of(kind.name).values()
    return 200, {"results": [one.shape() for one in found if one.archived_at is None]}


def pipeline(call: Call, object_type: str, pipeline_id: str) -> Answer:
    """Return one pipeline."""
    return 200, _pipeline(call, object_type, pipeline_id).shape()


def stages(call: Call, object_type: str, pipeline_id: str) -> Answer:
    """Return the stages of one pipeline."""
    found = _pipeline(call, object_type, pipeline_id)
    return 200, {"results": found.shape()["stages"]}


def properties(call: Call, object_type: str) -> Answer:
    """Return the definitions of an object type's properties."""
    kind = call.kind(object_type)
    call.allow_any_read()
    found = call.account.schema.all(kind.name)
    return 200, {"results": [one.shape(kind.name) for one in found]}


def one_property(call: Call, object_type: str, name: str) -> Answer:
    """Return one property's definition."""
    kind = call.kind(object_type)
    call.allow_any_read()
    found = call.account.schema.find(kind.name, name)
    if found is None:
        raise not_found()
    return 200, found.shape(kind.name)


def add_property(call: Call, object_type: str) -> Answer:
    """Add a property of the account's own."""
    kind = call.kind(object_type)
    call.allow(f"crm.objects.{kind.scope}.write")
    name = str(call.body.get("name") or "")
    if not name or call.account.schema.find(kind.name, name) is not None:
        raise ApiError(409, f"A property named {name!r} exists.", category="CONFLICT")
    try:
        made = call.account.schema.add(kind.name, call.body)
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    return 201, made.shape(kind.name)


def owners(call: Call) -> Answer:
    """Return a page of owners; the archived ones only if asked for."""
    call.allow("crm.objects.owners.read")
    archived = call.query.get("archived") == "true"
    email = call.query.get("email", "").lower()
    limit, after = int(call.query.get("limit", 100)), int(call.query.get("after", 0))
    found = [
        user
        for user in call.account.users
        if user.is_active != archived
        and (not email or user.email == email)
        and user.number > after
    ]
    found.sort(key=lambda user: user.number)
    body: Json = {"results": [_owner(call.account, user) for user in found[:limit]]}
    if len(found) > limit:
        body["paging"] = {"next": {"after": str(found[limit - 1].number), "link": ""}}
    return 200, body


def owner(call: Call, owner_id: str) -> Answer:
    """Return one owner by its own id or by the user's."""
    call.allow("crm.objects.owners.read")
    archived = call.query.get("archived") == "true"
    by_user = call.query.get("idProperty") == "userId"
    for user in call.account.users:
        shown = str(
            call.account.user_id(user) if by_user else call.account.owner_id(user)
        )
        if shown == owner_id and user.is_active != archived:
            return 200, _owner(call.account, user)
    raise not_found()


def teams(call: Call) -> Answer:
    """Return the teams and who is in them."""
    names = sorted({team for user in call.account.users for team in user.teams})
    return 200, {
        "results": [
            {
                "id": str(900 + number),
                "name": name,
                "userIds": [
                    str(call.account.user_id(user))
                    for user in call.account.users
                    if name in user.teams
                ],
                "secondaryUserIds": [],
            }
            for number, name in enumerate(names)
        ]
    }


def details(call: Call) -> Answer:
    """Return the account's details."""
    settings = call.account.settings
    zone = ZoneInfo(settings.time_zone)
    offset = datetime.fromtimestamp(call.at / 1000, zone).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    sign = "-" if minutes < 0 else "+"
    return 200, {
        "portalId": settings.portal_id,
        "accountType": settings.account_type,
        "timeZone": settings.time_zone,
        "companyCurrency": settings.currency,
        "additionalCurrencies": [],
        "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": settings.ui_domain,
        "dataHostingLocation": "eu1",
    }


def token_info(call: Call) -> Answer:
    """Return what a private app's token may do."""
    token = call.account.tokens.get(str(call.body.get("tokenKey")))
    if token is None:
        raise not_found()
    return 200, {
        "userId": token.user_id,
        "hubId": call.account.settings.portal_id,
        "appId": token.app_id,
        "scopes": sorted(token.scopes),
    }


def _pipeline(call: Call, object_type: str, pipeline_id: str) -> Pipeline:
    kind = call.kind(object_type)
    call.allow_any_read()
    found = call.account.pipelines.of(kind.name).get(pipeline_id)
    if found is None or found.archived_at is not None:
        raise not_found()
    return found


def _owner(account: Account, user: User) -> Json:
    user_id = account.user_id(user)
    moment = iso(0)
    return {
        "id": account.owner_id(user),
        "email": user.email,
        "type": "PERSON",
        "firstName": user.first_name,
        "lastName": user.last_name,
        "userId": user_id if user.is_active else None,
        "userIdIncludingInactive": user_id,
        "createdAt": moment,
        "updatedAt": moment,
        "archived": not user.is_active,
        "teams": [
            {"id": str(index), "name": name, "primary": index == 0}
            for index, name in enumerate(user.teams)
        ],
    }
