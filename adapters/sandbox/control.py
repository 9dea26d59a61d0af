"""`/_sandbox/...`: the paths by which a test or the demo moves the sandbox."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from adapters.sandbox.engine import Engine

Json = dict[str, Any]
View = Callable[[Json], Json]
Query = Callable[[Mapping[str, str]], Json]


class Control:
    """Collects control paths; a ValueError or KeyError of a view is answered 400."""

    def __init__(self, engine: Engine) -> None:
        self.blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
        self._engine = engine

    def post(
        self,
        path: str,
        view: View,
        *,
        after: Callable[[], None] | None = None,
        locked: bool = True,
    ) -> None:
        """Serve `view` of the JSON body, under the lock; `after` runs behind it."""

        def serve() -> Response:
            raw = request.get_data()
            body = json.loads(raw) if raw else {}
            if not locked:
                return _answer(lambda: view(body))
            with self._engine.lock:
                response = _answer(lambda: view(body))
                if after is not None:
                    after()
            return response

        self.blueprint.add_url_rule(f"/{path}", f"post:{path}", serve, methods=["POST"])

    def get(self, path: str, view: Query) -> None:
        """Serve `view` of the query and the path's parts, under the lock."""

        def serve(**parts: str) -> Response:
            with self._engine.lock:
                return _answer(lambda: view({**request.args.to_dict(), **parts}))

        self.blueprint.add_url_rule(f"/{path}", f"get:{path}", serve, methods=["GET"])


def register_shared(
    control: Control, engine: Engine, *, reset: Callable[[], None]
) -> None:
    """Serve the paths that belong to no vendor."""

    def do_reset(_body: Json) -> Json:
        reset()
        return {}

    def advance(body: Json) -> Json:
        engine.clock.advance(float(body["seconds"]))
        return {"now_ms": engine.clock.now_ms()}

    def add_fault(body: Json) -> Json:
        return {"id": engine.faults.add(body).id}

    def clear_faults(body: Json) -> Json:
        engine.faults.clear(body.get("id"))
        return {}

    def add_users(body: Json) -> Json:
        return {"numbers": [engine.users.put(one).number for one in body["users"]]}

    def clear_requests(_body: Json) -> Json:
        engine.requests.clear()
        return {}

    def requests(query: Mapping[str, str]) -> Json:
        entries = engine.requests.entries(
            system=query.get("system", ""),
            operation=query.get("operation", ""),
            limit=int(query.get("limit", 1000)),
        )
        return {**engine.requests.summary(), "requests": entries}

    control.post("clock/advance", advance)
    control.post("faults", add_fault)
    control.post("faults/clear", clear_faults)
    control.post("users", add_users)
    control.post("requests/clear", clear_requests)
    control.post("reset", do_reset, locked=False)
    control.get("faults", lambda _query: {"faults": engine.faults.listing()})
    control.get("requests", requests)
    control.get("clock", lambda _query: {"now_ms": engine.clock.now_ms()})


def _answer(view: Callable[[], Json]) -> Response:
    try:
        body, status = view(), 200
    except (ValueError, KeyError, TypeError) as error:
        missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        body, status = {"error": missing}, 400
    return Response(json.dumps(body), status=status, content_type="application/json")
