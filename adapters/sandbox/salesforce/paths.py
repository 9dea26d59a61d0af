"""Following field names such as `Owner.Manager.Email` from a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.salesforce.errors import ApiError, no_such_column
from adapters.sandbox.salesforce.fields import Field
from adapters.sandbox.salesforce.org import Org
from adapters.sandbox.salesforce.records import Record

Json = dict[str, Any]

_TYPE = Field("Type", "picklist")


@dataclass(frozen=True, slots=True)
class Path:
    """The references to follow, then the field to read."""

    org: Org
    steps: tuple[Field, ...]
    field: Field

    def value(self, record: Record) -> Any:
        """Return the value at the end, None where the way ends before."""
        target = follow(self.org, record, self.steps)
        if target is None:
            return None
        return target.type if self.field is _TYPE else target.get(self.field.name)


def follow(org: Org, record: Record, steps: Sequence[Field]) -> Record | None:
    """Return the record at the end of references."""
    here: Record | None = record
    for step in steps:
        target_id = None if here is None else here.get(step.name)
        here = org.find(target_id) if target_id else None
    return here


def resolve(org: Org, entity: str, text: str) -> Path:
    """Return the path that a query names; raises ApiError."""
    *relations, last = text.split(".")
    if relations and relations[0].lower() == entity.lower():
        relations = relations[1:]
    here = [entity]
    steps: list[Field] = []
    for relation in relations:
        found = next(
            (one for e in here if (one := org.types[e].related(relation))), None
        )
        if found is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"Didn't understand relationship '{relation}' in field path. If you "
                "are attempting to use a custom relationship, be sure to append the "
                "'__r' after the custom relationship name.",
            )
        steps.append(found)
        here = [one for one in found.refers_to if org.type(one) is not None]
    if len(here) > 1 and last.lower() == "type":
        # Behind a reference to several types this is the type, not a field of it.
        return Path(org, tuple(steps), _TYPE)
    for name in here:
        if (field := org.types[name].find(last)) is not None:
            return Path(org, tuple(steps), field)
    raise no_such_column(last, here[0] if here else entity)
