"""Who may ask, and how often: tokens, scopes and rate limits."""

from collections.abc import Sequence

from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.apps import Token
from adapters.sandbox.hubspot.errors import ApiError, missing_scopes
from adapters.sandbox.ids import correlation_id

_NO_CREDENTIALS = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication "
    "and you can find more details at "
    "https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_DAY_MS = 86_400_000


def authenticate(account: Account, authorization: str) -> Token:
    """Return the token of an Authorization header, or raise 401."""
    scheme, _, value = authorization.partition(" ")
    token = account.tokens.get(value.strip())
    if scheme.lower() != "bearer" or token is None:
        raise ApiError(401, _NO_CREDENTIALS, category="INVALID_AUTHENTICATION")
    now = account.clock.now_ms()
    if token.expires_at is not None and token.expires_at <= now:
        ago = (now - token.expires_at) // 1000
        raise ApiError(
            401,
            f"The OAuth token used to make this call expired {ago} second(s) ago.",
            category="EXPIRED_AUTHENTICATION",
            context={"expire time": [str(token.expires_at)]},
        )
    return token


def demand(token: Token, scopes: Sequence[str]) -> None:
    """Raise 403 unless the token has one of these scopes."""
    if scopes and not token.scopes.intersection(scopes):
        raise missing_scopes(scopes)


def spend(account: Account, token: Token) -> None:
    """Count one request, or raise 429 if the token has spent its share."""
    settings, now = account.settings, account.clock.now_ms()
    day, used = now // _DAY_MS, token.used_today
    if token.day != day:
        token.day, used = day, 0
    if settings.daily_limit and used >= settings.daily_limit:
        raise _too_many("You have reached your daily limit.", "DAILY")
    if settings.burst_limit:
        _forget(token.burst, now - settings.burst_window_ms)
        if len(token.burst) >= settings.burst_limit:
            raise _too_many(
                "You have reached your ten_secondly_rolling limit.",
                "TEN_SECONDLY_ROLLING",
            )
        token.burst.append(now)
    token.used_today = used + 1


def spend_search(account: Account, token: Token) -> None:
    """Count one search; searches have a limit of their own."""
    settings, now = account.settings, account.clock.now_ms()
    if not settings.search_limit:
        return
    _forget(token.searches, now - settings.search_window_ms)
    if len(token.searches) >= settings.search_limit:
        raise _too_many("You have reached your secondly limit.", "SECONDLY")
    token.searches.append(now)


def rate_headers(account: Account, token: Token) -> dict[str, str]:
    """Return the headers that tell how much is left."""
    settings = account.settings
    headers: dict[str, str] = {}
    if settings.burst_limit:
        left = max(0, settings.burst_limit - len(token.burst))
        headers["X-HubSpot-RateLimit-Max"] = str(settings.burst_limit)
        headers["X-HubSpot-RateLimit-Remaining"] = str(left)
        headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(
            settings.burst_window_ms
        )
    if settings.daily_limit and token.expires_at is None:
        left = max(0, settings.daily_limit - token.used_today)
        headers["X-HubSpot-RateLimit-Daily"] = str(settings.daily_limit)
        headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(left)
    return headers


def _forget(moments: list[int], until: int) -> None:
    """Drop the moments that lie outside the window; they are in order."""
    old = 0
    while old < len(moments) and moments[old] <= until:
        old += 1
    del moments[:old]


def _too_many(message: str, policy: str) -> ApiError:
    return ApiError(
        429,
        message,
        category="RATE_LIMITS",
        extra={
            "errorType": "RATE_LIMIT",
            "policyName": policy,
            "requestId": correlation_id(),
        },
    )
