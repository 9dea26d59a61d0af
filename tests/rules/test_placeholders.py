import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.placeholders import PlaceholderKind, find_placeholder

PLACEHOLDERS = {
    PlaceholderKind.WORD: """
        n.v.t. | nvt | NVT |  n v t  | N/A | n/a | na | NA | n.a. | tbd | T.B.D. | none
        Unknown | not applicable | to be determined | onbekend | Geen | weet niet
        nog niet bekend | keine | Unbekannt | k.A. | k. A. | keine Angabe | entfällt
        inconnu | Aucun | à définir | Sans objet | test | TEST 2 | test test
        Testing123 | bla bla | Max Mustermann | voornaam
    """,
    PlaceholderKind.PUNCTUATION: "- | -- | ... | ? | … | ./. | ( ) | \u200b",
    PlaceholderKind.REPEATED: "x | X | xx | x x x | aaa | 0000 | XXXX",
    PlaceholderKind.KEYBOARD: """
        asdf | ASDF | qwerty | azerty | zxcv | 1234 | 12345 | 987654321 | asd | abc
    """,
    PlaceholderKind.ADDRESS: "test@test.nl | a@b.nl | asdf@acme.nl | xxx@xxx.com",
}
ANSWERS = """
    Ann | Bo | Li | Na | Ka | Jan | Rien | Nan | Jansen | Ève | 3M | AAA | ABC | KA | PM
    Xxl BV | Test BV | Geen Zorgen BV | Xerox | Leer | Wert | Power | Property | Testa
    Testament | 1 | 12 | 111 | 2026 | 2026-11-24 | A-1234 | 6211 AB | anna@example.com
    info@test.de | contest@acme.nl | not interested | no budget | Geen budget | price
    👍 | ✓ | 日本 | 李
"""


def each(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|\n]", text.strip("\n "))]


@pytest.mark.parametrize(
    ("value", "why"),
    [(value, why) for why, values in PLACEHOLDERS.items() for value in each(values)],
)
def test_a_value_that_says_nothing_is_a_placeholder(value, why):
    assert find_placeholder(value) is why


@pytest.mark.parametrize("value", each(ANSWERS))
def test_a_short_or_odd_answer_is_an_answer(value):
    assert find_placeholder(value) is None


NO_TEXTS = [None, "", "  ", 0.0, 1111.0, True, date(2026, 1, 1)]


@pytest.mark.parametrize("value", NO_TEXTS)
def test_only_text_can_be_a_placeholder(value):
    assert find_placeholder(value) is None


@given(st.none() | st.text() | st.floats() | st.booleans() | st.emails())
def test_no_value_makes_it_raise(value):
    find_placeholder(value)


@given(
    st.sampled_from(["nvt", "tbd", "onbekend", "keine", "inconnu", "test", "xxx"]),
    st.text(" .-_/()!?", max_size=4),
    st.booleans(),
)
def test_case_and_punctuation_around_it_change_nothing(word, around, is_loud):
    value = f"{around}{word.upper() if is_loud else word}{around}"
    assert find_placeholder(value) is not None


@given(st.text(min_size=1, max_size=40))
def test_words_within_a_sentence_make_no_placeholder(rest):
    sentence = (
        f"Anna asked for a test of the unknown n.v.t. and wants xxx: {rest} thanks"
    )
    assert find_placeholder(sentence) is None
