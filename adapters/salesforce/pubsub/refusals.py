"""What the errors of the Pub/Sub API mean. Pure.

Salesforce's own code comes in the trailing metadata `error-code`.
developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html
Who is told of what:
developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-security-perms.html
"""

from datetime import timedelta
from typing import Any

import grpc

from adapters.errors import (
    Exhausted,
    Expired,
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unauthorized,
)

LIMIT_PAUSE = timedelta(minutes=30)
"""What an organisation may be told is counted over 24 hours, and comes back slowly."""

_UNDER_OTHERS = frozenset({"Task", "Event", "OpportunityContactRole", "EmailMessage"})
"""Objects without View All of their own: only who sees everything is told of them."""
_REPLAY = "replayid"
_LIMIT = "limit.exceeded"
_PASSING = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    }
)


def to_error(error: grpc.RpcError, topic: str) -> OutsideError:
    """Return what a failed call about a topic means."""
    call: Any = error
    status: grpc.StatusCode = call.code()
    told = _code_of(call)
    if status is grpc.StatusCode.UNAVAILABLE and not told:
        return Transient(
            "Salesforce's Pub/Sub API cannot be reached. Slagboom tries again. If it"
            " stays so, compare --pubsub-url, and see that your network lets port 7443"
            " out.",
            code=status.name,
        )
    code = told or status.name
    if _REPLAY in code:
        return Expired(
            f"Salesforce no longer keeps the changes of {topic} from where Slagboom"
            " stopped.",
            code=code,
        )
    if status is grpc.StatusCode.UNAUTHENTICATED:
        return Unauthorized(
            "Salesforce refused the session on its Pub/Sub API. Compare the"
            " organization id, and sign in again with `slagboom connect`.",
            code=code,
        )
    if status in _PASSING:
        return _passing(topic, code)
    return _lasting(status, topic, code)


def _passing(topic: str, code: str) -> Transient:
    if _LIMIT in code:
        return Exhausted(
            "The organization has been told of as many changes today as its edition"
            " allows. Slagboom sweeps meanwhile, and listens again by itself.",
            code=code,
            retry_after=LIMIT_PAUSE,
        )
    return Transient(
        f"The stream of {topic} ended ({code}). Slagboom opens it again.", code=code
    )


def _lasting(status: grpc.StatusCode, topic: str, code: str) -> Permanent:
    if status is grpc.StatusCode.PERMISSION_DENIED:
        return denied(topic, code=code)
    if status is grpc.StatusCode.NOT_FOUND:
        return NotFound(
            f"Salesforce tells of no changes of {topic}: the organization has no such"
            " object. Leave it out of --pubsub-objects.",
            code=code,
        )
    return Permanent(
        f"Salesforce refuses the stream of {topic} ({code}). Look for this code in the"
        " guide of its Pub/Sub API.",
        code=code,
    )


def denied(topic: str, *, code: str = "") -> Forbidden:
    """Return that an organisation does not tell us of a topic."""
    right = "View All Data" if topic in _UNDER_OTHERS else "View All on it"
    return Forbidden(
        f"Salesforce does not tell of changes of {topic}. Select {topic} in Setup under"
        f" Change Data Capture and give the integration user {right}, or leave it"
        " out of --pubsub-objects.",
        code=code,
    )


def _code_of(call: Any) -> str:
    for key, value in call.trailing_metadata() or ():
        if key == "error-code":
            return str(value)
    return ""
