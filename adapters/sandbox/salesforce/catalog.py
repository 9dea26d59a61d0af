"""The object types of an org, and the fields that the org added to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.salesforce.field_table import TABLES, fields_of
from adapters.sandbox.salesforce.fields import Field

_PREFIXES: Mapping[str, str] = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "OpportunityHistory": "008",
    "RecordType": "012",
    "OpportunityFieldHistory": "017",
    "LeadHistory": "017",
    "BusinessProcess": "019",
    "OpportunityStage": "01J",
    "LeadStatus": "01Q",
    "TaskStatus": "01T",
    "TaskPriority": "01V",
    "EmailMessage": "02s",
    "Group": "00G",
    "OpportunityContactRole": "00K",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "FeedItem": "0D5",
    "Quote": "0Q0",
}
_WRITTEN = frozenset(
    {
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityContactRole",
        "Lead",
        "Task",
        "Event",
        "EmailMessage",
        "Quote",
        "FeedItem",
    }
)
_CUSTOM_TYPES = frozenset(
    {
        "string",
        "textarea",
        "picklist",
        "reference",
        "date",
        "datetime",
        "boolean",
        "double",
        "currency",
        "percent",
        "email",
        "phone",
        "url",
    }
)


@dataclass(slots=True)
class ObjectType:
    """One type. `hidden` and `read_only` are fields that our user may not use so.

    With `is_read_only` our user may write no record of it.
    """

    name: str
    prefix: str
    fields: dict[str, Field]
    hidden: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    is_written: bool = False
    is_read_only: bool = False

    def find(self, name: str) -> Field | None:
        """Return a field by its name in any case, None if hidden or unknown."""
        found = self.fields.get(name)
        if found is None:
            lower = name.lower()
            found = next(
                (one for key, one in self.fields.items() if key.lower() == lower), None
            )
        return None if found is None or found.name in self.hidden else found

    def visible(self) -> Iterable[Field]:
        """Return the fields that may be read."""
        return [one for one in self.fields.values() if one.name not in self.hidden]

    def related(self, name: str) -> Field | None:
        """Return the reference that a query follows by this name."""
        lower = name.lower()
        for one in self.visible():
            if (one.relationship or "").lower() == lower:
                return one
        return None

    def add(self, raw: Mapping[str, Any]) -> Field:
        """Add a custom field: name, type, length, choices, refers_to, and the like."""
        name, kind = str(raw["name"]), str(raw.get("type") or "string")
        if not name.endswith("__c") or kind not in _CUSTOM_TYPES:
            raise ValueError(
                f"{name} ({kind}) is no custom field: its name ends with __c, "
                f"and its type is one of {sorted(_CUSTOM_TYPES)}"
            )
        refers_to = raw.get("refers_to") or ()
        made = Field(
            name=name,
            type=kind,
            length=int(raw.get("length") or (255 if kind == "string" else 0)),
            is_required=bool(raw.get("is_required")),
            refers_to=(refers_to,) if isinstance(refers_to, str) else tuple(refers_to),
            choices=tuple(str(choice) for choice in raw.get("choices") or ()),
            is_restricted=bool(raw.get("is_restricted", bool(raw.get("choices")))),
            is_unique=bool(raw.get("is_unique")),
            is_external_id=bool(raw.get("is_external_id")),
            default=raw.get("default", False if kind == "boolean" else None),
        )
        self.fields[name] = made
        return made


def fresh_types() -> dict[str, ObjectType]:
    """Return the types of a fresh org, by name."""
    return {
        name: ObjectType(
            name, _PREFIXES[name], fields_of(name), is_written=name in _WRITTEN
        )
        for name in TABLES
    }
