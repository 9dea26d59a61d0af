"""Records in their wire form."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.clock import iso
from adapters.sandbox.hubspot.account import Account
from adapters.sandbox.hubspot.catalog import ObjectType
from adapters.sandbox.hubspot.records import Record

Json = dict[str, Any]


class Shaper:
    """Puts records of one type into the form that one request asked for.

    Properties that the account does not have are left out without a word; those that
    never had a value are null.
    """

    def __init__(
        self,
        account: Account,
        kind: ObjectType,
        names: Sequence[str] = (),
        history: Sequence[str] = (),
    ) -> None:
        wanted = [*(names or kind.default), kind.created, kind.modified, "hs_object_id"]
        self._names = [
            name
            for name in dict.fromkeys([*wanted, *history])
            if account.schema.find(kind.name, name) is not None
        ]
        self._history = [
            name for name in history if account.schema.find(kind.name, name) is not None
        ]

    def shape(self, record: Record, values: Mapping[str, str] | None = None) -> Json:
        """Return the record with the properties asked for, of `values` if given."""
        values = record.values if values is None else values
        shaped = _frame(record, {name: values.get(name) for name in self._names})
        if self._history:
            shaped["propertiesWithHistory"] = {
                name: [one.shape() for one in reversed(record.history.get(name, ()))]
                for name in self._history
            }
        return shaped


def whole(record: Record) -> Json:
    """Return the record with every value that it has."""
    return _frame(record, dict(record.values))


def _frame(record: Record, properties: Json) -> Json:
    shaped: Json = {
        "id": record.id,
        "properties": properties,
        "createdAt": iso(record.created_at),
        "updatedAt": iso(record.updated_at),
        "archived": record.is_archived,
    }
    if record.archived_at is not None:
        shaped["archivedAt"] = iso(record.archived_at)
    return shaped
