"""`/composite`: up to 25 requests in one call, later ones referring to earlier."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from werkzeug.datastructures import Headers

from adapters.sandbox.salesforce.errors import ApiError
from adapters.sandbox.salesforce.web_call import Answer, Call, Frame

Json = dict[str, Any]

MOST_REQUESTS = 25
MOST_HEAVY = 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_HEAVY = re.compile(r"/services/data/v[\d.]+/(query|composite/sobjects)")
_REFUSED = 400


def register(frame: Frame) -> None:
    """Serve this path."""
    frame.route("/composite", composite, methods=("POST",), operation="composite")


def composite(call: Call) -> Answer:
    """Serve the requests in order; the call counts as one.

    With `allOrNone` a refusal takes all back. What refers to a refused request is
    halted.
    """
    body = call.mapping()
    requests = call.listed("compositeRequest")
    heavy = sum(bool(_HEAVY.match(str(one.get("url")))) for one in requests)
    if len(requests) > MOST_REQUESTS or heavy > MOST_HEAVY:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"{MOST_REQUESTS} subrequests, {MOST_HEAVY} of them queries or "
            "collections, are the most",
        )
    if not body.get("allOrNone"):
        return 200, {"compositeResponse": _serve_all(call, requests)}
    outer = call.org.begin()
    answers = _serve_all(call, requests)
    is_kept = all(one["httpStatusCode"] < _REFUSED for one in answers)
    call.org.finish(outer, keep=is_kept)
    if not is_kept:
        halted = _halted(
            "The transaction was rolled back since another operation in "
            "the same transaction failed."
        )
        for one in answers:
            if one["httpStatusCode"] < _REFUSED:
                one |= {"httpStatusCode": _REFUSED, "body": halted}
    return 200, {"compositeResponse": answers}


def _serve_all(call: Call, requests: list[Json]) -> list[Json]:
    answers: list[Json] = []
    bodies: dict[str, Any] = {}
    for one in requests:
        reference = str(one.get("referenceId"))
        status, body = _serve(call, one, bodies)
        if status < _REFUSED:
            bodies[reference] = body
        answers.append(
            {
                "body": body,
                "httpHeaders": {},
                "httpStatusCode": status,
                "referenceId": reference,
            }
        )
    return answers


def _serve(call: Call, one: Json, bodies: dict[str, Any]) -> Answer:
    try:
        url = urlsplit(str(_fill(one.get("url"), bodies)))
        inner = replace(
            call,
            query=dict(parse_qsl(url.query)),
            headers=Headers(one.get("httpHeaders") or {}),
            body=_fill(one.get("body"), bodies),
        )
        assert call.again is not None
        return call.again(inner, str(one.get("method")), url.path)
    except ApiError as error:
        return error.status, error.body()


def _fill(value: Any, bodies: dict[str, Any]) -> Any:
    """Put what earlier requests gave in place of references to it."""
    if isinstance(value, dict):
        return {key: _fill(one, bodies) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, bodies) for one in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda match: _look_up(match, bodies), value)


def _look_up(match: re.Match[str], bodies: dict[str, Any]) -> str:
    if match[1] not in bodies:
        raise ApiError(
            400, "PROCESSING_HALTED", f"Invalid reference specified: {match[0]}"
        )
    here = bodies[match[1]]
    try:
        for name, place in _STEP.findall(match[2]):
            here = here[int(place)] if place else here[name]
    except (KeyError, IndexError, TypeError):
        raise ApiError(
            400, "PROCESSING_HALTED", f"Invalid reference specified: {match[0]}"
        ) from None
    return str(here)


def _halted(message: str) -> list[Json]:
    return ApiError(400, "PROCESSING_HALTED", message).body()
