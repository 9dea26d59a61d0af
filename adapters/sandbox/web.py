"""The Flask application: faults and the request log around every vendor's paths."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, g, json, request

from adapters.sandbox.engine import Engine
from adapters.sandbox.faults import Fault, FaultKind, Faults
from adapters.sandbox.httpd import DROP

CONTROL = "/_sandbox"


def create_app(
    engine: Engine,
    blueprints: Sequence[Blueprint],
    refusals: Mapping[str, Callable[[Fault], Any]],
) -> Flask:
    """Return the application that serves these blueprints.

    `refusals` makes the body of a planned status in the vendor's form, by blueprint.
    """
    app = Flask("adapters.sandbox")
    app.url_map.strict_slashes = False
    for blueprint in blueprints:
        app.register_blueprint(blueprint)

    @app.before_request
    def begin() -> Response | None:
        g.begun = time.perf_counter()
        if request.path.startswith(CONTROL):
            return None
        body = request.get_data()
        with engine.lock:
            struck = engine.faults.strike(request.method, request.path, body)
        g.struck = struck
        answer: Response | None = None
        for fault in struck:
            answer = _suffer(fault, engine.faults, refusals) or answer
        return answer

    @app.after_request
    def finish(response: Response) -> Response:
        if request.path.startswith(CONTROL):
            return response
        _suffer_afterwards(response, engine.faults)
        with engine.lock:
            _record(engine, response)
        return response

    return app


def _suffer(
    fault: Fault, faults: Faults, refusals: Mapping[str, Callable[[Fault], Any]]
) -> Response | None:
    """Let a fault strike before the work; return the answer if it gives one."""
    match fault.kind:
        case FaultKind.DELAY:
            faults.sit_out(fault)
        case FaultKind.DROP:
            request.environ[DROP] = True
            return Response(status=500)
        case FaultKind.PARTIAL:
            g.partial = fault
        case FaultKind.STATUS:
            return _refusal(fault, refusals.get(request.blueprint or ""))
        case FaultKind.LOSE | FaultKind.RESTATUS | FaultKind.LINGER:
            pass
    return None


def _suffer_afterwards(response: Response, faults: Faults) -> None:
    """Let what strikes after the work do so."""
    for fault in g.get("struck", ()):
        if fault.kind is FaultKind.LOSE:
            request.environ[DROP] = True
        if fault.kind is FaultKind.RESTATUS:
            response.status_code = fault.status
        if fault.kind is FaultKind.LINGER:
            faults.sit_out(fault)


def _refusal(fault: Fault, shape: Callable[[Fault], Any] | None) -> Response:
    body = fault.body
    if isinstance(body, str):
        return Response(body, status=fault.status, headers=fault.headers)
    if body is None:
        body = {} if shape is None else shape(fault)
    return Response(
        json.dumps(body),
        status=fault.status,
        headers=fault.headers,
        content_type="application/json",
    )


def _record(engine: Engine, response: Response) -> None:
    is_dropped = request.environ.get(DROP)
    engine.requests.add(
        at=engine.clock.now_ms(),
        system=request.blueprint or "",
        operation=g.get("operation", request.path),
        method=request.method,
        path=request.full_path.rstrip("?"),
        status=0 if is_dropped else response.status_code,
        ms=(time.perf_counter() - g.begun) * 1000,
        rows=g.get("rows", 0),
        fault=" ".join(str(fault.kind) for fault in g.get("struck", ())),
    )
