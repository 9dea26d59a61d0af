"""What hangs on a record that we follow: a quote, a task, an e-mail, a person. Pure.

Saving one does not save the record itself, so that nobody would hear of it; but it
names the record that it hangs on.
"""

from collections.abc import Mapping
from types import MappingProxyType

from adapters.salesforce.ids import prefix_of, to_18
from adapters.salesforce.kinds import TYPES
from rules.model import Kind, RecordId, RecordRef

LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Quote": ("OpportunityId",),
        "OpportunityContactRole": ("OpportunityId",),
        "Task": ("WhatId", "WhoId"),
        "Event": ("WhatId", "WhoId"),
        "EmailMessage": ("RelatedToId",),
    }
)
"""By object, the fields in which the id of a record of ours may stand."""

_KINDS = MappingProxyType({TYPES[kind].prefix: kind for kind in (Kind.DEAL, Kind.LEAD)})


def to_linked_ref(name: str, fields: Mapping[str, str]) -> RecordRef | None:
    """Return the deal or lead that an object of this name hangs on, if on any."""
    for field in LINKS.get(name, ()):
        record_id = fields.get(field, "")
        kind = _KINDS.get(prefix_of(record_id))
        if kind is None:
            continue
        try:
            return RecordRef(kind, RecordId(to_18(record_id)))
        except ValueError:
            continue
    return None
