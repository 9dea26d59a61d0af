"""Our notes' HTML as Salesforce takes it: rich text of its own, or plain text. Pure.

Rich text of a post knows p, b, ul, li and a, and no br:
developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_feeditem.htm
"""

import re
from html.parser import HTMLParser

from adapters.marks import to_mark, with_mark

LONGEST_SUBJECT = 255
_BREAK = re.compile(r"<br\s*/?>")
_ENDS = frozenset({"p", "li", "br"})


def to_rich(html: str, key: str) -> str:
    """Return the body of a post, with the mark of a key."""
    return with_mark(_BREAK.sub("</p><p>", html), key)


def to_plain(html: str, key: str) -> str:
    """Return a description: one line for a paragraph, and the mark of a key."""
    return "\n".join(to_lines(html)) + to_mark(key)


def to_subject(text: str) -> str:
    """Return a subject, no longer than Salesforce takes it."""
    if len(text) <= LONGEST_SUBJECT:
        return text
    return text[: LONGEST_SUBJECT - 1] + "…"


def to_lines(html: str) -> list[str]:
    """Return the lines that a person reads; a link is followed by its address."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_line()
    return reader.lines


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._line = ""
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS:
            self.end_line()
        if tag == "li":
            self._line = "- "
        if tag == "a":
            self._link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self._line += f": {self._link}"
            self._link = ""
        if tag in _ENDS:
            self.end_line()

    def handle_data(self, data: str) -> None:
        self._line += data

    def end_line(self) -> None:
        if self._line.strip():
            self.lines.append(self._line.rstrip())
        self._line = ""
