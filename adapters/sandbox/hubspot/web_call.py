"""One request to the HubSpot side: what a view gets, and the frame around views."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict

from adapters.sandbox.faults import Fault
from adapters.sandbox.hubspot import gate
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.apps import Token
from adapters.sandbox.hubspot.catalog import SCOPES, ObjectType, find_type
from adapters.sandbox.hubspot.errors import ApiError, not_found
from adapters.sandbox.hubspot.records import Source

Json = dict[str, Any]
Answer = tuple[int, Json | None]
View = Callable[..., Answer]

_READ_SCOPES = tuple(scope for scope in SCOPES if scope.endswith(".read"))


@dataclass(slots=True)
class Call:
    """What a view needs to know of the request. `at` is when it came, epoch ms."""

    account: Account
    token: Token
    source: Source
    version: str
    at: int
    query: MultiDict[str, str]
    body: Json = field(default_factory=dict)
    size: int = 0
    partial: Fault | None = None

    def names(self, parameter: str) -> list[str]:
        """Return a list parameter, whether repeated or separated by commas."""
        return [
            name.strip()
            for text in self.query.getlist(parameter)
            for name in text.split(",")
            if name.strip()
        ]

    def kind(self, name: str) -> ObjectType:
        """Return the object type of a path, or raise 400 as HubSpot does."""
        found = find_type(name)
        if found is None or not self.account.has(found):
            raise ApiError(
                400, f"Unable to infer object type from: {name}", category=""
            )
        return found

    def allow(self, *scopes: str) -> None:
        """Raise 403 unless the token has one of these scopes."""
        gate.demand(self.token, scopes)

    def allow_any_read(self) -> None:
        """Raise 403 unless the token may read some kind of object."""
        gate.demand(self.token, _READ_SCOPES)


class Frame:
    """Puts authentication, limits, the lock and error bodies around a view."""

    def __init__(self, account: Account, lock: RLock, blueprint: Blueprint) -> None:
        self._account = account
        self._lock = lock
        self._blueprint = blueprint

    def route(
        self,
        family: str,
        rest: str,
        view: View,
        *,
        methods: Sequence[str],
        operation: str,
        is_search: bool = False,
    ) -> None:
        """Serve `view` on the v3 path and the dated paths of a family.

        `family` is `objects`, `pipelines`, ...: `/crm/v3/objects<rest>` and
        `/crm/objects/<version><rest>`. Associations' old version is v4.
        """
        wrapped = self.wrap(view, operation=operation, is_search=is_search)
        name = f"{family}{rest}:{'-'.join(methods)}".replace(".", "_")
        old = "v4" if family == "associations" else "v3"
        for path, defaults in (
            (f"/crm/{old}/{family}{rest}", {"version": old}),
            (f"/crm/{family}/<version>{rest}", {}),
        ):
            self._blueprint.add_url_rule(
                path,
                endpoint=f"{name}:{old if defaults else 'dated'}",
                view_func=wrapped,
                methods=list(methods),
                defaults=defaults,
            )

    def plain(
        self, path: str, view: View, *, methods: Sequence[str], operation: str
    ) -> None:
        """Serve `view` on one path; a `<version>` in it is optional."""
        wrapped = self.wrap(view, operation=operation)
        self._blueprint.add_url_rule(
            path,
            endpoint=f"{path}:{'-'.join(methods)}".replace(".", "_"),
            view_func=wrapped,
            methods=list(methods),
        )

    def wrap(
        self, view: View, *, operation: str, is_search: bool = False
    ) -> Callable[..., Response]:
        """Return a Flask view that answers with JSON in HubSpot's ways."""

        def serve(version: str = "v3", **path: str) -> Response:
            named = find_type(path.get("object_type", ""))
            g.operation = f"{named.name}.{operation}" if named else operation
            raw = request.get_data()
            headers: dict[str, str] = {}
            with self._lock:
                try:
                    status, body = self._call(
                        view, version, path, raw, headers, is_search=is_search
                    )
                except ApiError as error:
                    status, body = error.status, error.body()
                self._account.publish()
            return _response(status, body, headers)

        return serve

    def _call(
        self,
        view: View,
        version: str,
        path: dict[str, str],
        raw: bytes,
        headers: dict[str, str],
        *,
        is_search: bool,
    ) -> Answer:
        account = self._account
        if version not in {*account.settings.versions, "v4"}:
            raise ApiError(404, "The requested version does not exist.", category="")
        token = gate.authenticate(account, request.headers.get("Authorization", ""))
        if is_search:
            gate.spend_search(account, token)
        else:
            try:
                gate.spend(account, token)
            finally:
                headers.update(gate.rate_headers(account, token))
        app = account.apps[token.app_id]
        call = Call(
            account=account,
            token=token,
            source=app.source,
            version=version,
            at=account.clock.now_ms(),
            query=request.args,
            size=len(raw),
            partial=g.get("partial"),
        )
        call.body = _json(raw)
        return view(call, **path)


def _json(raw: bytes) -> Json:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(400, "Invalid input JSON: it cannot be parsed.") from None
    if isinstance(body, list):
        return {"inputs": body}
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid input JSON: an object is needed.")
    return body


def _response(status: int, body: Json | None, headers: dict[str, str]) -> Response:
    payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    return Response(
        payload,
        status=status,
        headers=headers,
        content_type="application/json;charset=utf-8",
    )


__all__ = ["Answer", "Call", "Frame", "Json", "not_found"]
