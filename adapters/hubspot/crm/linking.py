"""What is linked to records: associations in batches, and the evidence they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from adapters.batching import cut
from adapters.hubspot.batches import LARGEST_OF_LINKS, demand_complete, next_page
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.reading import Reading, by_kind
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.kinds import ObjectType
from adapters.hubspot.paths import Paths
from adapters.hubspot.tallies import ACTIVITIES, to_tally
from adapters.wire import part, parts, text
from rules.model import Evidence, EvidenceKind, RecordRef, Tally

_WAYS: Mapping[tuple[str, EvidenceKind], tuple[str, ...]] = MappingProxyType(
    {
        # What was quoted to a lead hangs on the deal made of it, or on its person.
        ("leads", EvidenceKind.QUOTES): ("deals", "contacts"),
        ("deals", EvidenceKind.ACCOUNT_CONTACTS): ("companies",),
        ("leads", EvidenceKind.ACCOUNT_CONTACTS): ("companies",),
        ("contacts", EvidenceKind.ACCOUNT_CONTACTS): ("companies",),
    }
)
"""Through which other types some evidence hangs on a type; the rest directly."""


class Linking:
    """Associations of one account's records."""

    def __init__(
        self, client: HubSpotClient, paths: Paths, shape: Shape, reading: Reading
    ) -> None:
        """List links with one, read what they lead to with the other."""
        self._client = client
        self._paths = paths
        self._shape = shape
        self._reading = reading

    def links(
        self, from_type: str, to_type: str, ids: Sequence[str]
    ) -> dict[str, list[str]]:
        """Return what each record is associated with, by id; nothing is no error."""
        path = self._paths.associations(from_type, to_type, "batch/read")
        found: dict[str, dict[str, None]] = {}
        asked: list[dict[str, str]] = [{"id": one} for one in dict.fromkeys(ids)]
        while asked:
            more: list[dict[str, str]] = []
            for piece in cut(asked, LARGEST_OF_LINKS):
                body = self._client.ask(path, {"inputs": list(piece)})
                demand_complete(body)
                for one in parts(body, "results"):
                    source = text(part(one, "from"), "id")
                    targets = found.setdefault(source, {})
                    for target in parts(one, "to"):
                        # A number on the old paths, a text on the dated ones.
                        targets[text(target, "toObjectId")] = None
                    if after := next_page(one):
                        more.append({"id": source, "after": after})
            asked = more
        return {source: list(targets) for source, targets in found.items()}

    def hung_on(
        self, about: ObjectType, wanted: EvidenceKind, ids: Sequence[str]
    ) -> list[str]:
        """Return the records that these pieces of evidence hang on, each once."""
        name = ACTIVITIES[wanted].name
        ways = _WAYS.get((about.name, wanted), ())
        linked = self._linked(name, about.name, ways, ids)
        return list(dict.fromkeys(one for found in linked.values() for one in found))

    def evidence(
        self, refs: Sequence[RecordRef], kinds: frozenset[EvidenceKind], now: datetime
    ) -> dict[RecordRef, Evidence]:
        """Return for every ref what of `kinds` is linked."""
        tallies: dict[RecordRef, dict[EvidenceKind, Tally]] = {ref: {} for ref in refs}
        for kind, own in by_kind(refs).items():
            about = self._shape.type_of(kind)
            for wanted in sorted(kinds):
                for ref, tally in self._tallies(about, own, wanted, now).items():
                    tallies[ref][wanted] = tally
        return {ref: Evidence(found) for ref, found in tallies.items()}

    def _linked(
        self, source: str, target: str, ways: Sequence[str], ids: Sequence[str]
    ) -> dict[str, list[str]]:
        """Return what each record leads to, directly or through one of `ways`."""
        if not ways:
            return self.links(source, target, ids)
        found: dict[str, dict[str, None]] = {}
        for way in ways:
            first = self.links(source, way, ids)
            between = [one for linked in first.values() for one in linked]
            second = self.links(way, target, between)
            for record_id, linked in first.items():
                ends = found.setdefault(record_id, {})
                for one in linked:
                    ends.update(dict.fromkeys(second.get(one, ())))
        return {record_id: list(ends) for record_id, ends in found.items()}

    def _tallies(
        self,
        about: ObjectType,
        refs: Sequence[RecordRef],
        wanted: EvidenceKind,
        now: datetime,
    ) -> dict[RecordRef, Tally]:
        activity = ACTIVITIES[wanted]
        ways = _WAYS.get((about.name, wanted), ())
        if activity.name == about.name and not ways:
            # A contact is its own contact.
            return {ref: Tally(1) for ref in refs}
        linked = self._linked(about.name, activity.name, ways, [one.id for one in refs])
        if not activity.properties:
            return {ref: Tally(len(linked.get(ref.id, ()))) for ref in refs}
        ids = [one for found in linked.values() for one in found]
        objects = self._reading.fetch(activity.name, ids, activity.properties)
        return {
            ref: to_tally(
                activity,
                [objects[one] for one in linked.get(ref.id, ()) if one in objects],
                now,
            )
            for ref in refs
        }
