"""Associations between records, with HubSpot's own type ids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Ref = tuple[str, str]
"""Object type and record id."""


@dataclass(frozen=True, slots=True)
class LinkType:
    """One direction of an association; `default` is the one without a label."""

    id: int
    source: str
    target: str
    label: str | None = None
    is_default: bool = True

    def shape(self) -> Json:
        """Return the wire form used when reading."""
        return {
            "category": "HUBSPOT_DEFINED",
            "typeId": self.id,
            "label": self.label,
        }


_PAIRS: tuple[tuple[int, int, str, str, str | None], ...] = (
    (3, 4, "deals", "contacts", None),
    (341, 342, "deals", "companies", None),
    (5, 6, "deals", "companies", "Primary"),
    (279, 280, "contacts", "companies", None),
    (1, 2, "contacts", "companies", "Primary"),
    (64, 63, "quotes", "deals", None),
    (69, 70, "quotes", "contacts", None),
    (71, 72, "quotes", "companies", None),
    (216, 215, "tasks", "deals", None),
    (204, 203, "tasks", "contacts", None),
    (192, 191, "tasks", "companies", None),
    (218, 217, "tasks", "quotes", None),
    (214, 213, "notes", "deals", None),
    (202, 201, "notes", "contacts", None),
    (190, 189, "notes", "companies", None),
    (206, 205, "calls", "deals", None),
    (194, 193, "calls", "contacts", None),
    (182, 181, "calls", "companies", None),
    (210, 209, "emails", "deals", None),
    (198, 197, "emails", "contacts", None),
    (186, 185, "emails", "companies", None),
    (212, 211, "meetings", "deals", None),
    (200, 199, "meetings", "contacts", None),
    (188, 187, "meetings", "companies", None),
    (578, 579, "leads", "contacts", "Primary"),
    (608, 609, "leads", "contacts", None),
    (610, 611, "leads", "companies", None),
    (596, 595, "leads", "calls", None),
    (598, 597, "leads", "emails", None),
    (600, 599, "leads", "meetings", None),
    (646, 647, "leads", "tasks", None),
    (854, 855, "leads", "notes", None),
    (583, 584, "leads", "deals", None),
)


def _types() -> Iterator[tuple[LinkType, LinkType]]:
    for forth, back, source, target, label in _PAIRS:
        ahead = LinkType(forth, source, target, label, label is None)
        behind = LinkType(back, target, source, label, label is None)
        yield ahead, behind
        yield behind, ahead


INVERSE: Mapping[int, LinkType] = {one.id: other for one, other in _types()}
BY_ID: Mapping[int, LinkType] = {one.id: one for one, _ in _types()}
DEFAULT: Mapping[tuple[str, str], LinkType] = {
    (one.source, one.target): one for one, _ in _types() if one.is_default
}


class Links:
    """Who is associated with whom, kept in both directions."""

    def __init__(self) -> None:
        self._from: dict[Ref, dict[str, dict[str, set[int]]]] = {}

    def reset(self) -> None:
        """Forget every association."""
        self._from.clear()

    def add(self, source: Ref, target: Ref, link: LinkType) -> bool:
        """Associate two records; False if they were so already.

        A labelled type carries the plain one with it, as in HubSpot.
        """
        types = [link]
        plain = DEFAULT.get((link.source, link.target))
        if not link.is_default and plain is not None:
            types.append(plain)
        is_new = False
        for one in types:
            is_new |= self._put(source, target, one.id)
            self._put(target, source, INVERSE[one.id].id)
        return is_new

    def remove(self, source: Ref, target: Ref) -> bool:
        """Take every association between two records away; False if none was."""
        found = self._from.get(source, {}).get(target[0], {}).pop(target[1], None)
        self._from.get(target, {}).get(source[0], {}).pop(source[1], None)
        return found is not None

    def ids(self, source: Ref, target_type: str) -> list[str]:
        """Return the ids of a type that are associated with a record, oldest first."""
        found = self._from.get(source, {}).get(target_type)
        return sorted(found, key=int) if found else []

    def types(self, source: Ref, target: Ref) -> list[LinkType]:
        """Return the types by which two records are associated."""
        found = self._from.get(source, {}).get(target[0], {}).get(target[1], set())
        return [BY_ID[one] for one in sorted(found)]

    def around(self, source: Ref) -> Iterator[Ref]:
        """Yield everything that is associated with a record."""
        for kind, found in self._from.get(source, {}).items():
            for record_id in list(found):
                yield kind, record_id

    def _put(self, source: Ref, target: Ref, type_id: int) -> bool:
        found = (
            self._from.setdefault(source, {})
            .setdefault(target[0], {})
            .setdefault(target[1], set())
        )
        is_new = type_id not in found
        found.add(type_id)
        return is_new
