"""Who reads a page: in which language, and how texts are put on it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Request
from markupsafe import Markup, escape

from connector.web.words import LANGUAGES, WORDS
from rules.wording.speech import Speech, fill, speak

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Reader:
    """A language, with all its texts. `now` is the moment of reading."""

    language: str
    now: datetime

    def say(self, key: str, **facts: object) -> str:
        """Return a text of the pages with its `{slots}` filled in."""
        words = WORDS[self.language]
        return fill(words[key], {name: str(fact) for name, fact in facts.items()})

    def tell(self, key: str, **facts: object) -> Markup:
        """Return such a text as HTML: what stands between backticks is code."""
        return to_code(self.say(key, **facts))

    @property
    def speech(self) -> Speech:
        """How numbers, dates and reasons are said in this language."""
        return speak(self.language)

    def length(self, length: timedelta) -> str:
        """Return a length of time in words."""
        return self.speech.length(max(length, timedelta(0)))

    def time(self, at: datetime | None, otherwise: str = "") -> Markup:
        """Return an instant as HTML: in UTC, and with it what a script needs.

        `otherwise` is what to say if there is none.
        """
        if at is None:
            return escape(otherwise)
        said = self.speech.moment(at, now=self.now)
        return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(), said)


def to_code(text: str) -> Markup:
    """Return a text as HTML, in which what stood between backticks is code."""
    return Markup(  # noqa: S704 - everything in it is escaped first
        _CODE.sub(r"<code>\1</code>", str(escape(text)))
    )


def to_language(request: Request) -> str:
    """Return the language that the address or else the browser asks for."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(list(LANGUAGES)) or next(iter(LANGUAGES))


def to_web_address(url: str) -> str:
    """Return `url` if it may be linked to; empty for what a browser would run."""
    return url if url.lower().startswith(("https://", "http://")) else ""
