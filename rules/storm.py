"""The storm guard: how much may be put back in a short time before a person is asked.

A rule that meets an import of thousands of records would put all of them back, and do
more harm than the import. Pure: the services count.
"""

from datetime import timedelta

from rules.policy import StormLimit

WITHIN = timedelta(minutes=10)
"""Returns are counted over so long."""

WHOLE = 1.0
"""A share of all is no limit."""

LEAST = 10
"""A share of a small pipeline is a handful; so many may always be put back."""


def most_returns(limit: StormLimit, size: int) -> int:
    """Return how many records of a pipeline of `size` may be put back in that time.

    The absolute limit, or the share of the pipeline if that is less and not all of it.
    """
    if limit.share >= WHOLE:
        return limit.returns
    return min(limit.returns, max(LEAST, int(size * limit.share)))


def enough(limit: StormLimit) -> int:
    """Return the size from which on a larger pipeline makes no difference."""
    if limit.share >= WHOLE:
        return 0
    return int(limit.returns / limit.share) + 1
