"""What is linked to records: associations in batches, and the evidence they are."""

from collections.abc import Sequence
from datetime import datetime

from adapters.hubspot.batches import LARGEST_OF_LINKS, cut, demand_complete
from adapters.hubspot.client import HubSpotClient
from adapters.hubspot.crm.reading import Reading, by_kind
from adapters.hubspot.crm.shape import Shape
from adapters.hubspot.kinds import ObjectType
from adapters.hubspot.paths import Paths
from adapters.hubspot.tallies import ACTIVITIES, to_tally
from adapters.hubspot.wire import next_page, part, parts, text
from rules.model import Evidence, EvidenceKind, RecordRef, Tally

UNLINKED = frozenset({("leads", "quotes")})
"""Pairs of types between which HubSpot knows no association."""


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

    def _tallies(
        self,
        about: ObjectType,
        refs: Sequence[RecordRef],
        wanted: EvidenceKind,
        now: datetime,
    ) -> dict[RecordRef, Tally]:
        activity = ACTIVITIES[wanted]
        if activity.name == about.name:
            # A contact is its own contact.
            return {ref: Tally(1) for ref in refs}
        if (about.name, activity.name) in UNLINKED:
            return {ref: Tally() for ref in refs}
        linked = self.links(about.name, activity.name, [ref.id for ref in refs])
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
