"""SOQL: texts, instants and lists of ids as a query writes them. Pure.

A query travels in the address, which with all headers may have 16,384 bytes
(developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/
salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm). So long lists
of ids are cut.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from adapters.errors import Permanent

T = TypeVar("T")

IDS = 400
"""Ids of 18 characters in one query: 27 bytes each in the address."""

_NAME = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*|COUNT\(\)", re.ASCII)
_SPECIAL = re.compile(r"(['\\])")


def quote(text: str) -> str:
    """Return a text as a literal."""
    return "'" + _SPECIAL.sub(r"\\\1", text) + "'"


def is_in(field: str, ids: Sequence[str]) -> str:
    """Return the condition that a field is one of these."""
    return f"{field} IN ({','.join(map(quote, ids))})"


def stamp(at: datetime) -> str:
    """Return an instant as a literal, in whole seconds as Salesforce keeps them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def select(
    names: Sequence[str], source: str, where: str = "", order: Sequence[str] = ()
) -> str:
    """Return a query for these fields; raises Permanent for what can be none."""
    condition = f" WHERE {where}" if where else ""
    orders = f" ORDER BY {', '.join(order)}" if order else ""
    strange = [one for one in names if not _NAME.fullmatch(one)]
    if strange:
        # They come from a policy, and must not make another query of this one.
        raise Permanent(
            f"{strange[0]!r} is no field of Salesforce: correct the policy's fields."
        )
    chosen = ", ".join(names)
    return f"SELECT {chosen} FROM {source}{condition}{orders}"  # noqa: S608 - SOQL
