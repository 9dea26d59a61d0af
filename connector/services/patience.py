"""How long a channel is tried for a message before the next one is. Pure."""

from datetime import timedelta

from adapters.errors import OutsideError, Transient, Unanswered

TRIES = 4
"""Attempts by one channel before the next one is tried: some fifteen seconds."""

DOUBTFUL_TRIES = 8
"""The same if the message may have arrived there: going on could tell twice."""

LAST_TRIES = 16
"""Attempts by the last channel before it is given up: some seven hours. Many mail
servers turn a stranger's first attempts away for minutes (greylisting)."""

PASSED_OVER = timedelta(seconds=30)
"""A channel that wants a longer wait is passed over: an escalation is urgent."""

SLOW = timedelta(seconds=3)
"""A channel that takes so long to fail is left alone for REST: it holds others up."""

REST = timedelta(minutes=1)

LONGEST_WAIT = timedelta(hours=1)


def is_worth_waiting(error: Transient, tries: int, *, is_last: bool) -> bool:
    """Return whether to try the same channel again, after so many failed attempts."""
    if is_last:
        return tries < LAST_TRIES
    if isinstance(error, Unanswered):
        return tries < DOUBTFUL_TRIES
    return tries < TRIES and wait_after(tries, error) <= PASSED_OVER


def wait_after(tries: int, error: OutsideError | None = None) -> timedelta:
    """Return how long to wait after so many failed attempts, the last with `error`."""
    wait = min(timedelta(seconds=2 ** min(tries, 12)), LONGEST_WAIT)
    if isinstance(error, Transient) and error.retry_after is not None:
        return max(wait, error.retry_after)
    return wait
