"""One request to the Salesforce side: what a view gets, and the frame around views."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from adapters.sandbox.faults import Fault
from adapters.sandbox.salesforce import moments
from adapters.sandbox.salesforce.catalog import ObjectType
from adapters.sandbox.salesforce.errors import ApiError, not_found
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Author
from adapters.sandbox.salesforce.sessions import Session

Json = dict[str, Any]
Answer = tuple[int, Any]
View = Callable[..., Answer]

_LONGEST_REQUEST_LINE = 16_384


@dataclass(slots=True)
class Call:
    """What a view needs to know of the request. `at` is when it came, epoch ms.

    A view that writes rows says of which `types` they are, for the log.
    """

    org: Org
    session: Session
    author: Author
    version: str
    at: int
    url: str
    query: Mapping[str, str]
    headers: Headers
    body: Any = None
    partial: Fault | None = None
    again: Callable[["Call", str, str], Answer] | None = None
    rows: int = 0
    types: set[str] = field(default_factory=set)

    def kind(self, name: str) -> ObjectType:
        """Return the object type of a path, or raise 404."""
        found = self.org.type(name)
        if found is None:
            raise not_found()
        return found

    def names(self, parameter: str) -> list[str]:
        """Return a list parameter, whose parts commas separate."""
        text = self.query.get(parameter, "")
        return [name.strip() for name in text.split(",") if name.strip()]

    def listed(self, name: str) -> list[Json]:
        """Return a list of objects in the body, or raise 400."""
        rows = self.mapping().get(name)
        if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
            raise ApiError(
                400, "JSON_PARSER_ERROR", f"{name} must be a list of objects"
            )
        return rows

    def mapping(self) -> Json:
        """Return the body as an object, or raise 400."""
        if not isinstance(self.body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required")
        return self.body


class Frame:
    """Puts sessions, limits, the lock and error bodies around a view."""

    def __init__(self, org: Org, lock: RLock, blueprint: Blueprint) -> None:
        self._org = org
        self._lock = lock
        self._blueprint = blueprint
        self._views: dict[str, View] = {}
        self._map = Map(strict_slashes=False)

    def route(
        self, rest: str, view: View, *, methods: tuple[str, ...], operation: str
    ) -> None:
        """Serve `view` below `/services/data/<version>`."""
        path = f"/services/data/<version>{rest}"
        name = f"{path}:{'-'.join(methods)}".replace(".", "_")
        self._views[name] = view
        self._map.add(Rule(path, endpoint=name, methods=list(methods)))
        self._blueprint.add_url_rule(
            path,
            endpoint=name,
            view_func=self._wrap(view, operation),
            methods=list(methods),
        )

    def _wrap(self, view: View, operation: str) -> Callable[..., Response]:
        def serve(version: str, **path: str) -> Response:
            entity = path.get("entity", "")
            g.operation = f"{entity}.{operation}" if entity else operation
            with self._lock:
                try:
                    status, body = self._call(view, version, path)
                except ApiError as error:
                    status, body = error.status, error.body()
                self._org.publish()
                return self._response(status, body)

        return serve

    def _call(self, view: View, version: str, path: dict[str, str]) -> Answer:
        org = self._org
        session = authenticate(org, request.headers.get("Authorization", ""))
        limit = org.settings.daily_limit
        if limit and org.calls.used(org.clock.now_ms()) >= limit:
            raise ApiError(
                403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."
            )
        org.calls.count(org.clock.now_ms())
        _demand_version(org, version)
        if len(request.full_path) > _LONGEST_REQUEST_LINE:
            raise ApiError(414, "URI_TOO_LONG", "URI Too Long")
        org.sync_users()
        options = dict(
            part.strip().split("=", 1)
            for part in request.headers.get("Sforce-Call-Options", "").split(",")
            if "=" in part
        )
        call = Call(
            org=org,
            session=session,
            author=Author(session.user_id, options.get("client", ""), is_api=True),
            version=version,
            at=org.clock.now_ms(),
            url=request.host_url.rstrip("/"),
            query=request.args.to_dict(),
            headers=Headers(request.headers.items()),
            body=_json(),
            partial=g.get("partial"),
            again=self._again,
        )
        answer = view(call, **path)
        g.rows = call.rows
        if call.types:
            g.operation = f"{'+'.join(sorted(call.types))}.{g.operation}"
        return answer

    def _again(self, call: Call, method: str, path: str) -> Answer:
        """Serve a request inside another: only path, body and headers differ."""
        try:
            name, values = self._map.bind("").match(path, method)
        except HTTPException:
            raise not_found() from None
        parts = {key: value for key, value in values.items() if key != "version"}
        return self._views[str(name)](call, **parts)

    def _response(self, status: int, body: Any) -> Response:
        org = self._org
        payload = b"" if body is None else json.dumps(body).encode()
        headers = {"Date": moments.http(org.clock.now_ms())}
        if status != 401:  # noqa: PLR2004 - no session, no count
            limit = org.settings.daily_limit
            headers["Sforce-Limit-Info"] = (
                f"api-usage={org.calls.used(org.clock.now_ms())}/{limit}"
            )
        return Response(
            payload,
            status=status,
            headers=headers,
            content_type="application/json;charset=UTF-8",
        )


def authenticate(org: Org, authorization: str) -> Session:
    """Return the session of an Authorization header, or raise 401."""
    scheme, _, value = authorization.partition(" ")
    session = org.sessions.get(value.strip())
    now = org.clock.now_ms()
    is_open = (
        scheme.lower() in {"bearer", "oauth"}
        and session is not None
        and (session.expires_at is None or session.expires_at > now)
    )
    if session is None or not is_open:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return session


def _demand_version(org: Org, version: str) -> None:
    number = version.removeprefix("v").removesuffix(".0")
    if not number.isdigit() or int(number) > org.settings.newest_version:
        raise not_found()
    if int(number) < org.settings.oldest_version:
        raise ApiError(
            410, "UNSUPPORTED_API_VERSION", "The requested API version is retired."
        )


def _json() -> Any:
    raw = request.get_data()
    if not raw:
        return None
    if "json" not in (request.content_type or ""):
        raise ApiError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Content-Type header specified in HTTP request is not supported: "
            f"{request.content_type}",
        )
    try:
        return json.loads(raw)
    except ValueError:
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The request body is no JSON."
        ) from None
