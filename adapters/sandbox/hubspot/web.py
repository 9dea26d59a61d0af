"""All of HubSpot's paths in one blueprint."""

from threading import RLock
from typing import Any

from flask import Blueprint

from adapters.sandbox.faults import Fault
from adapters.sandbox.hubspot import (
    web_associations,
    web_batch,
    web_objects,
    web_settings,
)
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.errors import ApiError
from adapters.sandbox.hubspot.web_call import Frame

_NAMES = {
    429: ("RATE_LIMITS", "You have reached your ten_secondly_rolling limit."),
    423: ("LOCKED", "This resource is locked; try again in two seconds."),
    500: ("INTERNAL_ERROR", "internal error"),
    502: ("BAD_GATEWAY", "bad gateway"),
    503: ("SERVICE_UNAVAILABLE", "Service unavailable"),
    504: ("GATEWAY_TIMEOUT", "gateway timeout"),
}


def refusal(fault: Fault) -> dict[str, Any]:
    """Return the body of a planned refusal."""
    category, message = _NAMES.get(fault.status, ("VALIDATION_ERROR", "refused"))
    extra: dict[str, Any] = {}
    if fault.status == 429:  # noqa: PLR2004 - a 429 names the policy
        extra = {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    error = ApiError(
        fault.status,
        fault.message or message,
        category=fault.category or category,
        extra=extra,
    )
    return error.body()


def blueprint(account: Account, lock: RLock) -> Blueprint:
    """Return the blueprint that serves an account."""
    made = Blueprint("hubspot", __name__)
    frame = Frame(account, lock, made)
    web_batch.register(frame)
    web_objects.register(frame)
    web_associations.register(frame)
    web_settings.register(frame)
    return made
