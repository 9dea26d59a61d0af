"""What HubSpot's refusals mean, as `adapters.errors`. Pure.

Statuses and bodies: developers.hubspot.com/docs/api-reference/error-handling. Every
part of a body is optional.
"""

from datetime import timedelta

from adapters.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    NotFound,
    OutsideError,
    Permanent,
    Transient,
    Unanswered,
    Unauthorized,
)
from adapters.json_bodies import parse_json
from adapters.wire import Json, in_short, part, parts, text, texts

BURST_PAUSE = timedelta(seconds=10)
SEARCH_PAUSE = timedelta(seconds=1)
LOCK_PAUSE = timedelta(seconds=2)
MIGRATION_PAUSE = timedelta(hours=1)
DAILY_PAUSE = timedelta(hours=1)
"""The day ends at midnight in the account's zone: looking once an hour is enough."""
_NEVER_ARRIVED = frozenset({503, 521, 523})
"""Turned away at the door, so surely not applied."""


def parse_body(raw: str | bytes | None) -> Json:
    """Return the JSON object of an answer; empty if it holds something else."""
    try:
        found = parse_json(raw.encode() if isinstance(raw, str) else raw or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def to_error(
    status: int, body: Json, *, retry_after: timedelta | None, is_harmless: bool
) -> OutsideError:
    """Return what a status other than 2xx means.

    `is_harmless`: the request may be repeated whatever became of it.
    """
    code = text(body, "category") or str(status)
    words = to_words(body)
    if status == 429:  # noqa: PLR2004
        return _too_many(body, retry_after)
    if status == 423:  # noqa: PLR2004
        return Transient(
            "HubSpot has locked the record for a moment.",
            code=code,
            retry_after=max(retry_after or LOCK_PAUSE, LOCK_PAUSE),
        )
    if status == 477:  # noqa: PLR2004
        return Transient(
            "HubSpot is moving this account to another data centre.",
            code=code,
            retry_after=retry_after or MIGRATION_PAUSE,
        )
    if status >= 500:  # noqa: PLR2004
        kind = Transient if is_harmless or status in _NEVER_ARRIVED else Unanswered
        return kind(
            f"HubSpot is in trouble (status {status}). Slagboom tries again.",
            code=code,
            retry_after=retry_after,
        )
    return _refused(status, body, code, words)


def _refused(status: int, body: Json, code: str, words: str) -> OutsideError:
    match status:
        case 401:
            return Unauthorized(
                "HubSpot refused the token. Reconnect the account under Connections.",
                code=code,
            )
        case 403:
            missing = missing_scopes(body)
            lacks = f" It lacks {', '.join(missing)}." if missing else f" {words}"
            return Forbidden(
                f"HubSpot does not let this token do that.{lacks}",
                code=code,
                missing=missing,
            )
        case 404:
            return NotFound(f"HubSpot does not have it: {words}", code=code)
        case 409:
            return Conflict(f"HubSpot sees a conflict: {words}", code=code)
        case _:
            return Permanent(f"HubSpot refused: {words}", code=code)


def _too_many(body: Json, retry_after: timedelta | None) -> Transient:
    policy = text(body, "policyName")
    if policy == "DAILY":
        return Exhausted(
            "The account's requests of this day are used up. Slagboom goes on when "
            "HubSpot's day ends.",
            code="DAILY",
            retry_after=max(retry_after or DAILY_PAUSE, DAILY_PAUSE),
        )
    pause = SEARCH_PAUSE if policy == "SECONDLY" else BURST_PAUSE
    return Transient(
        "HubSpot asks for a pause: too many requests. Slagboom goes on by itself.",
        code=policy or "RATE_LIMITS",
        retry_after=retry_after if retry_after is not None else pause,
    )


def to_words(body: Json) -> str:
    """Return HubSpot's own words for a refusal, short."""
    details = [text(one, "message") for one in parts(body, "errors")]
    words = "; ".join(filter(None, details)) or text(body, "message")
    return in_short(words)


def missing_scopes(body: Json) -> tuple[str, ...]:
    """Return the scopes that a 403 says are missing; any one of them will do."""
    found = [
        scope
        for one in parts(body, "errors")
        for scope in texts(part(one, "context"), "requiredGranularScopes")
    ]
    return tuple(dict.fromkeys(found))
