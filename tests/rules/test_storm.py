"""How much may be put back before a person is asked."""

import pytest

from rules.policy import StormLimit
from rules.storm import enough, most_returns


@pytest.mark.parametrize(
    ("limit", "size", "most"),
    [
        (StormLimit(), 100_000, 50),
        (StormLimit(), 1_000, 50),
        (StormLimit(), 400, 20),
        (StormLimit(), 40, 10),
        (StormLimit(), 0, 10),
        (StormLimit(returns=5), 100_000, 5),
        (StormLimit(returns=500, share=1.0), 300, 500),
    ],
)
def test_the_limit_is_absolute_or_a_share_whichever_is_less(limit, size, most):
    assert most_returns(limit, size) == most


def test_counting_on_makes_no_difference_from_some_size_on():
    for limit in (StormLimit(), StormLimit(3000, 0.01), StormLimit(1, 0.99)):
        size = enough(limit)
        assert most_returns(limit, size) == most_returns(limit, size * 10)
