"""What the pages say, in English and Dutch; both have the same keys."""

from collections.abc import Mapping

from connector.web.words.en import ENGLISH
from connector.web.words.nl import DUTCH

LANGUAGES: Mapping[str, str] = {"en": "English", "nl": "Nederlands"}
"""The languages, each in its own words; the first is for everybody else."""

WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "nl": DUTCH}
