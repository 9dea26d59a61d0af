"""What can go wrong outside, as an answer to "what now?".

Every adapter turns its vendor's errors into these. The text is for a person: what
happened, what it means, what to do; it never holds a secret or a customer's text.
"""

from datetime import timedelta

LONGEST_PAUSE = timedelta(seconds=30)
"""A longer wait is not sat out by an adapter: it is the caller's, and the account's."""


class OutsideError(Exception):
    """Something outside Slagboom failed; one of the classes below says what now."""

    def __init__(self, message: str, *, code: str = "") -> None:
        """Keep the text for people and the vendor's own `code`, if it gave one."""
        super().__init__(message)
        self.code = code


class Transient(OutsideError):
    """Try again, not before `retry_after`. Nothing was applied, as far as we know."""

    def __init__(
        self, message: str, *, code: str = "", retry_after: timedelta | None = None
    ) -> None:
        """Keep the wait that the vendor asked for, if it asked for one."""
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Unanswered(Transient):
    """The request went out and no answer came: it may have been applied.

    Repeat it only if repeating is harmless; else look first whether it was applied.
    """


class Exhausted(Transient):
    """The account allows no more for hours: it passes, and yet an admin should know."""


class Permanent(OutsideError):
    """The same request will be refused again: change something first."""


class Unauthorized(Permanent):
    """The credential is wrong, expired or revoked: reconnect the account."""


class Forbidden(Permanent):
    """The credential is good but lacks a right; `missing` names the scopes, if told."""

    def __init__(
        self, message: str, *, code: str = "", missing: tuple[str, ...] = ()
    ) -> None:
        """Keep the names of the rights that the vendor said are missing."""
        super().__init__(message, code=code)
        self.missing = missing


class NotFound(Permanent):
    """The thing asked for does not exist, or this credential may not see it."""


class Conflict(Permanent):
    """It has changed since we read it: read and judge again."""


class Expired(Permanent):
    """The place to go on from is no longer kept: start anew, and look what was missed.

    Raised by streams only.
    """
