"""The paths of the Salesforce side, put together."""

import json
from threading import RLock
from typing import Any

from flask import Blueprint, Response, g, request

from adapters.sandbox.faults import Fault
from adapters.sandbox.salesforce import (
    moments,
    oauth,
    web_collections,
    web_composite,
    web_query,
    web_rows,
    web_setup,
)
from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.web_call import Frame, authenticate

_CODES = {
    400: "UNABLE_TO_LOCK_ROW",
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    412: "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE",
    503: "SERVER_UNAVAILABLE",
}


def blueprint(org: Org, lock: RLock) -> Blueprint:
    """Return everything that an org answers over HTTP."""
    made = Blueprint("salesforce", __name__)
    frame = Frame(org, lock, made)
    for part in (web_setup, web_rows, web_query, web_collections, web_composite):
        part.register(frame)
    _register_versions(made, org, lock)
    _register_oauth(made, org, lock)
    return made


def refusal(fault: Fault) -> Any:
    """Return the body of a planned status; signing in has a form of its own."""
    if request.path.startswith("/services/oauth2"):
        error = fault.category or "unknown_error"
        return {"error": error, "error_description": fault.message or "retry"}
    code = fault.category or _CODES.get(fault.status, "UNKNOWN_EXCEPTION")
    return ApiError(fault.status, code, fault.message or "Planned by a test").body()


def _register_versions(made: Blueprint, org: Org, lock: RLock) -> None:
    @made.get("/services/data")
    def versions() -> Response:
        """List the versions, to anybody."""
        g.operation = "versions"
        with lock:
            numbers = range(
                org.settings.oldest_version, org.settings.newest_version + 1
            )
            now = org.clock.now_ms()
        body = [
            {
                "label": f"Release {number}",
                "url": f"/services/data/v{number}.0",
                "version": f"{number}.0",
            }
            for number in numbers
        ]
        return _answer(200, body, now)


def _register_oauth(made: Blueprint, org: Org, lock: RLock) -> None:
    @made.post("/services/oauth2/token")
    def token() -> Response:
        """Open a session."""
        g.operation = "oauth.token"
        with lock:
            try:
                url = request.host_url.rstrip("/")
                status, body = 200, oauth.grant(org, request.form, url)
            except oauth.OAuthError as error:
                status, body = 400, error.body
            return _answer(status, body, org.clock.now_ms())

    @made.get("/services/oauth2/authorize")
    def authorize() -> Response:
        """Send the browser back with a code."""
        g.operation = "oauth.authorize"
        with lock:
            try:
                target = oauth.authorize(org, request.args)
            except oauth.OAuthError as error:
                return _answer(400, error.body, org.clock.now_ms())
            return Response(status=302, headers={"Location": target})

    @made.post("/services/oauth2/revoke")
    def revoke() -> Response:
        """End a session, or all of a refresh token."""
        g.operation = "oauth.revoke"
        with lock:
            try:
                oauth.revoke(org, request.form.get("token", ""))
            except oauth.OAuthError as error:
                return _answer(400, error.body, org.clock.now_ms())
            return _answer(200, None, org.clock.now_ms())

    @made.get("/services/oauth2/userinfo")
    def userinfo() -> Response:
        """Tell whose session it is."""
        g.operation = "oauth.userinfo"
        with lock:
            now = org.clock.now_ms()
            try:
                session = authenticate(org, request.headers.get("Authorization", ""))
            except ApiError:
                # This path alone answers 403, in plain text.
                return Response("Bad_OAuth_Token", status=403, mimetype="text/plain")
            user = org.records["User"][session.user_id].values
            body = {
                "user_id": session.user_id,
                "organization_id": org.id,
                "preferred_username": user["Username"],
                "name": user["Name"],
                "email": user["Email"],
                "zoneinfo": user["TimeZoneSidKey"],
                "active": user["IsActive"],
            }
            return _answer(200, body, now)


def _answer(status: int, body: Any, now: int) -> Response:
    return Response(
        b"" if body is None else json.dumps(body).encode(),
        status=status,
        headers={"Date": moments.http(now)},
        content_type="application/json;charset=UTF-8",
    )
