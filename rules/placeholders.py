"""Text that fills a field without saying anything: `n.v.t.`, `xxx`, `asdf`.

A real name that happens to contain such a word is no placeholder: the whole value has
to be one. What is in doubt counts as an answer.
"""

import re
import unicodedata
from enum import StrEnum

from rules.model import Value

_LONGEST = 60
_SHORT = 3
_LONG = 4


class PlaceholderKind(StrEnum):
    """Why a value counts as no answer."""

    WORD = "word"
    PUNCTUATION = "punctuation"
    REPEATED = "repeated"
    KEYBOARD = "keyboard"
    ADDRESS = "address"


# Spaces, punctuation, accents and case do not count: "T.B.D." is "tbd".
_ENGLISH = """
    notapplicable notavailable notknown notyetknown notset unknown unspecified undefined
    undetermined none nil null nothing empty tbd tba tbc todo tobedetermined tobedecided
    tobeannounced tobeconfirmed tobedefined tofollow dontknow idontknow noidea idk dummy
    fake sample example placeholder temp tmp foo foobar loremipsum whatever somebody
    someone johndoe janedoe firstname lastname firstnamelastname nomail noemail noname
    blah abc123
"""
_DUTCH = """
    nvt nietvantoepassing nietbekend nognietbekend nnb onbekend geen geeninfo geenidee
    geennaam geenemail geenmail weetniet weetikniet weetiknogniet ntb nadertebepalen
    nogtebepalen tebepalen ntv volgt volgtnog komtnog invullen noginvullen nogintevullen
    intevullen leeg niks niets nietingevuld voorbeeld iemand voornaam achternaam
    voornaamachternaam 0612345678 31612345678
"""
_GERMAN = """
    keine keiner keines keinahnung keineahnung keineangabe keineangaben nichtbekannt
    nochnichtbekannt nichtzutreffend nichtanwendbar nichtvorhanden unbekannt entfallt
    nichts weissnicht folgt folgtnoch nochoffen wirdnachgereicht nochzuklaren mustermann
    maxmustermann erikamustermann beispiel platzhalter vorname nachname vornamenachname
"""
_FRENCH = """
    inconnu inconnue aucun aucune aucuneidee sansobjet nonapplicable nonconnu nondefini
    nonrenseigne nonprecise nondisponible adefinir adeterminer aconfirmer apreciser
    acompleter arenseigner asuivre vide neant nsp jenesaispas exemple quelquun prenom
    nomprenom prenomnom
"""
_WORDS = frozenset(f"{_ENGLISH} {_DUTCH} {_GERMAN} {_FRENCH}".split())

# Short enough to be a name as well; with its dots it is the abbreviation.
_DOTTED = frozenset({"ka", "na", "nb", "nc", "nd", "nr", "pm", "so"})
_IS_DOTTED = re.compile(r"\s*\w\s?[./]\s?\w\s?\.?\s*")

_TEST = re.compile(
    r"(?:test(?:en|ing|er|je|e)?[0-9]{0,4})+|(?:bla|xyz|foo|asdf?|qwe){2,}"
)

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
         "qwertzuiop", "yxcvbnm", "abcdefghijklmnopqrstuvwxyz")  # fmt: skip
_DIGITS = ("01234567890", "1234567890", "9876543210", "0987654321")
_SHORT_RUNS = frozenset({"asd", "qwe", "sdf", "dfg", "fgh", "jkl", "zxc", "abc", "xyz"})

_ADDRESS = re.compile(r"(?P<who>[^@\s]+)@(?P<where>[^@\s.]+)(?:\.[^@\s.]+)+")


def find_placeholder(value: Value) -> PlaceholderKind | None:
    """Return why `value` is no answer, None if it may be one; only text can be none."""
    if not isinstance(value, str) or not value.strip():
        return None
    if all(_is_punctuation(char) for char in value):
        return PlaceholderKind.PUNCTUATION
    text = _compact(value)
    if _is_repeated(text, is_small=value == value.lower()):
        return PlaceholderKind.REPEATED
    return _find_said(value, text) if 0 < len(text) <= _LONGEST else None


def _find_said(value: str, text: str) -> PlaceholderKind | None:
    if _is_placeholder_address(value.strip()):
        return PlaceholderKind.ADDRESS
    if _is_word(text) or _is_abbreviation(text, value):
        return PlaceholderKind.WORD
    if _is_run(text) or (text in _SHORT_RUNS and value == value.lower()):
        return PlaceholderKind.KEYBOARD
    return None


def _compact(value: str) -> str:
    """Return the letters and digits alone, without case and accents."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(char for char in plain if char.isalnum())


def _is_punctuation(char: str) -> bool:
    """Return whether a character says nothing by itself; a tick or a smiley does."""
    category = unicodedata.category(char)
    return category[0] in "PZC" or category == "Sk" or char in "+=<>|~$"


def _is_repeated(text: str, *, is_small: bool) -> bool:
    """Return whether one character is all there is; `AAA` and `111` may be real."""
    if len(set(text)) != 1:
        return False
    if text[0] == "x":
        return True
    return len(text) >= (_LONG if text[0].isdigit() or not is_small else _SHORT)


def _is_word(text: str) -> bool:
    return text in _WORDS or _TEST.fullmatch(text) is not None


def _is_abbreviation(text: str, value: str) -> bool:
    if text == "na" and value.strip() in {"na", "NA"}:
        return True
    return text in _DOTTED and _IS_DOTTED.fullmatch(value) is not None


def _is_run(text: str) -> bool:
    """Return whether somebody ran a finger along a row of keys: `asdf`, `12345`."""
    size = len(text)
    if text.isdigit():
        return size >= _LONG and any(row.startswith(text) for row in _DIGITS)
    # A short stretch from the middle of a row can be a word: "wert".
    return any(
        (size >= _LONG and row.startswith(text))
        or (size > _LONG and (text in row or text in row[::-1]))
        for row in _ROWS
    )


def _is_placeholder_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return False
    who, where = _compact(found["who"]), _compact(found["where"])
    if len(who) == len(where) == 1:
        return True
    return _is_word(who) or _is_run(who) or _is_repeated(who, is_small=True)
