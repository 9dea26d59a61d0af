"""Properties of the object types: what exists, what may be written, what a value is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapters.sandbox.clock import iso, parse_instant
from adapters.sandbox.hubspot.catalog import TYPES
from adapters.sandbox.hubspot.errors import problem
from adapters.sandbox.hubspot.pipelines import Pipelines
from adapters.sandbox.hubspot.property_table import TABLE

Json = dict[str, Any]

_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}
_STAGE_FAMILIES = (
    "hs_v2_date_entered_",
    "hs_v2_date_exited_",
    "hs_v2_cumulative_time_in_",
    "hs_v2_latest_time_in_",
)
_LONGEST_TEXT = 65_536


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `options` maps an enumeration's values to their labels."""

    name: str
    label: str
    type: str
    is_read_only: bool = False
    is_calculated: bool = False
    options: tuple[tuple[str, str], ...] = ()
    is_custom: bool = False

    def shape(self, kind: str) -> Json:
        """Return the wire form of the definition."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": _FIELD_TYPES[self.type],
            "description": "",
            "groupName": f"{TYPES[kind].singular}information",
            "options": [
                {
                    "label": label,
                    "value": value,
                    "displayOrder": order,
                    "hidden": False,
                }
                for order, (value, label) in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": self.is_calculated,
            "externalOptions": self.name == "hubspot_owner_id",
            "hasUniqueValue": False,
            "hidden": False,
            "hubspotDefined": not self.is_custom,
            "modificationMetadata": {
                "archivable": self.is_custom,
                "readOnlyDefinition": not self.is_custom,
                "readOnlyValue": self.is_read_only,
            },
            "formField": False,
            "archived": False,
        }


class Schema:
    """The properties of one account: HubSpot's own and those that people added."""

    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines
        self._own: dict[str, dict[str, Property]] = {}
        self._known = {kind: _defaults(kind) for kind in TYPES}

    def reset(self) -> None:
        """Forget what people added."""
        self._own.clear()

    def find(self, kind: str, name: str) -> Property | None:
        """Return a property, or None if this account has none of that name."""
        found = self._known[kind].get(name) or self._own.get(kind, {}).get(name)
        if found is None:
            return self._of_stage(kind, name)
        if name == TYPES[kind].stage:
            stages = self._pipelines.stages(kind)
            return replace(found, options=tuple((one.id, one.label) for one in stages))
        if name == TYPES[kind].pipeline:
            pipelines = self._pipelines.of(kind).values()
            options = tuple((one.id, one.label) for one in pipelines)
            return replace(found, options=options)
        return found

    def all(self, kind: str) -> Iterable[Property]:
        """Yield every property of a type, those of its stages included."""
        for name in (*self._known[kind], *self._own.get(kind, {})):
            if (found := self.find(kind, name)) is not None:
                yield found
        if TYPES[kind].stage:
            for stage in self._pipelines.stages(kind):
                for family in _STAGE_FAMILIES:
                    if (found := self.find(kind, family + stage.id)) is not None:
                        yield found

    def add(self, kind: str, raw: Mapping[str, Any]) -> Property:
        """Add a property: name, label, type, options (values, or value and label)."""
        name = str(raw["name"])
        options = [
            (one, one)
            if isinstance(one, str)
            else (str(one["value"]), str(one.get("label") or one["value"]))
            for one in raw.get("options") or ()
        ]
        kind_of_value = str(raw.get("type") or "string")
        if kind_of_value not in _FIELD_TYPES:
            raise ValueError(
                f"{kind_of_value!r} is no type; there are {list(_FIELD_TYPES)}"
            )
        made = Property(
            name=name,
            label=str(raw.get("label") or name),
            type=kind_of_value,
            options=tuple(options),
            is_custom=True,
        )
        self._own.setdefault(kind, {})[name] = made
        return made

    def clean(
        self, kind: str, raw: Mapping[str, Any]
    ) -> tuple[dict[str, str], list[Json]]:
        """Return values in wire form, and a problem for each that cannot be taken."""
        values: dict[str, str] = {}
        problems: list[Json] = []
        for name, value in raw.items():
            found = self.find(kind, name)
            if found is None:
                text = f'Property "{name}" does not exist'
                problems.append(problem(name, "PROPERTY_DOESNT_EXIST", text))
            elif found.is_read_only:
                text = f'"{name}" is a read only property; its value cannot be set.'
                problems.append(problem(name, "READ_ONLY_VALUE", text))
            elif value is None or value == "":
                values[name] = ""
            else:
                cleaned, refusal = _clean_value(found, value)
                values[name] = cleaned
                if refusal:
                    problems.append(problem(name, *refusal))
        return values, problems

    def _of_stage(self, kind: str, name: str) -> Property | None:
        for family in _STAGE_FAMILIES:
            if name.startswith(family):
                stage_id = name.removeprefix(family)
                if self._pipelines.home_of(kind, stage_id) is None:
                    return None
                is_date = "_date_" in family
                return Property(
                    name=name,
                    label=name,
                    type="datetime" if is_date else "number",
                    is_read_only=True,
                    is_calculated=True,
                )
        return None


def _clean_value(found: Property, value: Any) -> tuple[str, tuple[str, str] | None]:
    """Return the wire text, and the code and message of a refusal."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    refusal: tuple[str, str] | None = None
    match found.type:
        case "number":
            try:
                float(text)
            except ValueError:
                refusal = ("INVALID_DOUBLE", f"{text} was not a valid number.")
        case "datetime" | "date":
            instant = parse_instant(text)
            if instant is None:
                refusal = ("INVALID_DATE", f"{text} was not a valid date.")
            else:
                text = iso(instant)[:10] if found.type == "date" else iso(instant)
        case "bool":
            if text not in {"true", "false"}:
                refusal = ("INVALID_OPTION", f"{text} was not one of [true, false]")
        case "enumeration":
            allowed = {option for option, _ in found.options}
            if allowed and not set(text.split(";")) <= allowed:
                listed = ", ".join(sorted(allowed))
                message = f"{text} was not one of the allowed options: [{listed}]"
                refusal = ("INVALID_OPTION", message)
        case _:
            if len(text) > _LONGEST_TEXT:
                message = f"Value is longer than {_LONGEST_TEXT} characters."
                refusal = ("VALUE_TOO_LONG", message)
    return text, refusal


def _defaults(kind: str) -> dict[str, Property]:
    known: dict[str, Property] = {}
    for line in TABLE["*"] + TABLE[kind]:
        name, kind_of_value, *rest = line.split(" ")
        flags = [word for word in rest if word in {"ro", "calc"}]
        options = [word for word in rest if word not in {"ro", "calc"}]
        known[name] = Property(
            name=name,
            label=name.removeprefix("hs_").replace("_", " ").capitalize(),
            type=kind_of_value,
            is_read_only=bool(flags),
            is_calculated="calc" in flags,
            options=tuple((option, option) for option in options),
        )
    return known
