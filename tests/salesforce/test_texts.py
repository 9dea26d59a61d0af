from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.batching import cut
from adapters.errors import Permanent
from adapters.marks import find_marks, to_mark
from adapters.salesforce.queries import IDS, is_in, quote, select, stamp
from adapters.salesforce.texts import to_lines, to_plain, to_rich, to_subject


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<p>One.</p><p>Two.</p>", ["One.", "Two."]),
        ("<p>One.<br>Two.<br/>Three.</p>", ["One.", "Two.", "Three."]),
        ("<p>Lacks:</p><ul><li>A</li><li>B</li></ul>", ["Lacks:", "- A", "- B"]),
        (
            '<p><a href="https://x.example/?a=1&amp;b">Open</a></p>',
            ["Open: https://x.example/?a=1&b"],
        ),
        ("<p>Tom &amp; Jerry &lt;3 <b>bold</b></p>", ["Tom & Jerry <3 bold"]),
        ("loose", ["loose"]),
        ("<p></p><p> </p>", []),
        ("", []),
    ],
)
def test_a_note_reads_as_lines(html: str, lines: list[str]):
    assert to_lines(html) == lines


@given(st.text(), st.text())
def test_no_note_loses_its_key(html: str, key: str):
    for made in (to_rich(html, key), to_plain(html, key)):
        assert to_mark(key) in find_marks(made)


@given(st.text())
def test_a_subject_is_never_too_long(text: str):
    made = to_subject(text)
    assert len(made) <= 255
    assert made == text or made.endswith("…")


def test_texts_are_quoted_so_that_they_end_where_they_should():
    assert quote("O'Hara \\ 1") == r"'O\'Hara \\ 1'"
    assert is_in("Id", ["a", "b"]) == "Id IN ('a','b')"


@pytest.mark.parametrize(
    "name",
    ["Name FROM User", "Id,Name", "(SELECT Id FROM Tasks)", "", "a.", "1a", "x'"],
)
def test_a_name_that_would_make_another_query_is_refused(name: str):
    with pytest.raises(Permanent, match="no field"):
        select(["Id", name], "Opportunity")


def test_instants_are_whole_seconds_of_utc():
    at = datetime(2026, 12, 1, 13, 0, 0, 999_999, timezone(timedelta(hours=1)))
    assert stamp(at) == "2026-12-01T12:00:00Z"
    assert stamp(datetime(2026, 12, 1, 12, tzinfo=UTC)) == "2026-12-01T12:00:00Z"


def test_the_longest_query_fits_into_an_address():
    ids = ["006Qy000000fxT2IAI"] * IDS
    names = [f"A_Rather_Long_Name_Of_A_Field_{number}__c" for number in range(40)]
    query = select(names, "OpportunityContactRole", is_in("OpportunityId", ids), ["Id"])
    assert len(urlencode({"q": query})) < 16_384 - 2_000


def test_nothing_is_lost_by_cutting():
    pieces = list(cut(range(1001), 400))
    assert [len(one) for one in pieces] == [400, 400, 201]
    assert [one for piece in pieces for one in piece] == list(range(1001))
