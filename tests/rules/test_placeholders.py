import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.placeholder_words import DOTTED, WORDS, Meaning
from rules.placeholders import (
    Placeholder,
    PlaceholderKind,
    find_placeholder,
    normal,
)

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
    found = find_placeholder(value)
    assert found is not None
    assert found.kind is why


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


@pytest.mark.parametrize(
    ("value", "language", "meaning"),
    [
        ("N.v.t.", "nl", Meaning.NOT_APPLICABLE),
        ("n/a", "en", Meaning.NOT_APPLICABLE),
        ("k.A.", "de", Meaning.NOTHING),
        ("Sans objet", "fr", Meaning.NOT_APPLICABLE),
        ("nog uitzoeken", "nl", Meaning.LATER),
        ("wird geklärt", "de", Meaning.LATER),
        ("John Doe", "en", Meaning.NOBODY),
        ("Prénom", "fr", Meaning.LABEL),
        ("test 3", "", Meaning.FILLER),
    ],
)
def test_a_word_is_named_with_its_language_and_meaning(value, language, meaning):
    found = find_placeholder(value)
    assert found == Placeholder(PlaceholderKind.WORD, language, meaning)


@pytest.mark.parametrize(
    "value",
    [
        *("qwerty", "asdfgh", "zxcvb"),
        *("azerty", "qsdfgh", "wxcvb"),
        *("qwertz", "asdfghjklöä", "yxcvb"),
        *("1qaz2wsx", "1aqw2zsx", "1qay2wsx", "q1w2e3", "lkjhg"),
    ],
)
def test_a_run_on_any_of_the_three_keyboards_is_none(value):
    found = find_placeholder(value)
    assert found is not None
    assert found.kind is PlaceholderKind.KEYBOARD


def test_every_word_is_written_as_words_are_compared():
    assert [word for word in (*WORDS, *DOTTED) if normal(word) != word] == []


@given(st.text("abcÀéß12 .-!", min_size=1))
def test_texts_that_say_the_same_are_the_same_whatever_their_dress(text):
    said = normal(text)
    assert normal(said) == said
    if said.isalnum():
        assert normal(f" {text.upper()}. ") == said
