"""A record as people name it: `deal:1001`, `1001`, its link in the CRM, or its name."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from connector.errors import ConfigError
from connector.store import Transaction
from connector.store.lookup import FoundRecord
from rules.model import Kind

_LISTED = 5
_KINDS = {kind.value: kind for kind in Kind}
_SEGMENT = re.compile(r"[/?#&=]+")


class RecordMissing(ConfigError):  # noqa: N818 - named for what is the case
    """No known record is meant, or more than one."""


def find_record(tx: Transaction, text: str) -> FoundRecord:
    """Return the one record that `text` means, of all connected accounts.

    Raises RecordMissing, which names the ways to say it or those that could be meant.
    """
    wanted = text.strip()
    if wanted.lower().startswith(("https://", "http://")):
        return _only(_by_link(tx, wanted), wanted)
    before, colon, after = wanted.partition(":")
    kind = _KINDS.get(before.strip().lower()) if colon else None
    plain = after.strip() if kind is not None else wanted
    found = tx.lookup.by_id([plain], kind)
    if not found:
        found = tx.lookup.by_name(plain, kind, limit=_LISTED + 1)
    return _only(found, wanted)


def _by_link(tx: Transaction, link: str) -> list[FoundRecord]:
    found = tx.lookup.by_url(link)
    if found:
        return found
    # The same record has more than one address; its id stands last in most of them.
    parts = urlsplit(link)
    segments = [one for one in _SEGMENT.split(f"{parts.path}/{parts.query}") if one]
    named = tx.lookup.by_id(segments, None)
    for segment in reversed(segments):
        last = [one for one in named if one.ref.id.startswith(segment)]
        if last:
            return last
    return []


def _only(found: Sequence[FoundRecord], text: str) -> FoundRecord:
    if len(found) == 1:
        return found[0]
    if not found:
        raise RecordMissing(
            f"No record that Slagboom knows is {text!r}. Give its kind and id"
            " (deal:1001), its link in the CRM, or its whole name."
        )
    listed = ", ".join(str(one) for one in found[:_LISTED])
    more = " and more" if len(found) > _LISTED else ""
    raise RecordMissing(
        f"{text!r} may be {listed}{more}. Give the kind and id of the one you mean,"
        " such as deal:1001, or its link in the CRM."
    )
