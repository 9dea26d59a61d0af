import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.salesforce.ids import is_same, to_18

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("006000000000001", "006000000000001AAA"),
        ("00D000000000001", "00D000000000001EAA"),
        ("00QA0000001AbCd", "00QA0000001AbCdMAK"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
    ],
)
def test_the_last_three_characters_tell_which_are_capitals(short: str, full: str):
    assert to_18(short) == full
    assert to_18(full) == full


@given(SHORT)
def test_an_id_that_lost_its_case_is_still_the_same(short: str):
    full = to_18(short)
    assert full.startswith(short)
    assert to_18(full.lower()) == to_18(full.upper()) == full


@given(SHORT, SHORT)
def test_two_ids_that_differ_only_in_case_are_two_records(one: str, other: str):
    assert is_same(one, to_18(other)) is (one == other)


@pytest.mark.parametrize(
    "text",
    ["", "006", "006000000000001A", "00600000000000!", "006000000000001AAB", "é" * 15],
)
def test_what_is_no_id_is_refused(text: str):
    with pytest.raises(ValueError, match="Salesforce id"):
        to_18(text)
    assert not is_same(text, text)
