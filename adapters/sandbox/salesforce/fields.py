"""Fields: what describe says of them, and which values they take."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.sandbox.salesforce import ids, moments
from adapters.sandbox.salesforce.errors import ApiError, malformed_id

Json = dict[str, Any]

TEXTS = frozenset(
    {"string", "textarea", "picklist", "email", "phone", "url", "combobox"}
)
NUMBERS = frozenset({"double", "currency", "percent", "int"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object type. `refers_to` names the types of a reference."""

    name: str
    type: str
    length: int = 0
    is_required: bool = False
    is_createable: bool = True
    is_updateable: bool = True
    is_filterable: bool = True
    refers_to: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    is_restricted: bool = False
    is_unique: bool = False
    is_external_id: bool = False
    default: Any = None

    @property
    def label(self) -> str:
        """Return what people call it."""
        return self.name.removesuffix("__c").replace("_", " ")

    @property
    def is_custom(self) -> bool:
        """Return whether the org added it."""
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """Return the name by which queries follow a reference."""
        if self.type != "reference":
            return None
        if self.is_custom:
            return self.name.removesuffix("__c") + "__r"
        return self.name.removesuffix("Id")

    def wire(self, value: Any) -> Any:
        """Return a value as the REST API writes it."""
        if value is not None and self.type == "datetime":
            return moments.rest(value)
        return value

    def clean(self, value: Any) -> Any:
        """Return a value as it is kept; raises ApiError if it cannot be.

        References and picklists are looked up elsewhere.
        """
        if self.type == "boolean":
            if not isinstance(value, bool):
                raise self._misfit(value)
            return value
        if value is None or value == "":
            return None
        if self.type in NUMBERS:
            return self._number(value)
        if not isinstance(value, str):
            raise self._misfit(value)
        return self._text(value)

    def _number(self, value: Any) -> float:
        if isinstance(value, bool):
            raise self._misfit(value)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self._misfit(value) from None

    def _text(self, value: str) -> Any:
        match self.type:
            case "date":
                try:
                    return date.fromisoformat(value[:10]).isoformat()
                except ValueError:
                    raise self._misfit(value) from None
            case "datetime":
                if (at := moments.parse(value)) is None:
                    raise self._misfit(value)
                return at
            case "reference" | "id":
                if (found := ids.find(value)) is None:
                    raise malformed_id(self.label, value)
                return found
        if self.length and len(value) > self.length:
            raise ApiError(
                400,
                "STRING_TOO_LONG",
                f"{self.label}: data value too large: {value} "
                f"(max length={self.length})",
                fields=[self.name],
            )
        return value

    def _misfit(self, value: Any) -> ApiError:
        kind = "STRING" if isinstance(value, str) else type(value).__name__.upper()
        return ApiError(
            400,
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {self.type} from VALUE_{kind} value "
            f"{value} or request may be missing a required field",
        )

    def shape(self, choices: list[str], *, is_read_only: bool) -> Json:
        """Return what describe says of it."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "length": self.length,
            "nillable": not self.is_required and self.type != "boolean",
            "createable": self.is_createable and not is_read_only,
            "updateable": self.is_updateable and not is_read_only,
            "filterable": self.is_filterable,
            "sortable": self.is_filterable,
            "custom": self.is_custom,
            "externalId": self.is_external_id,
            "unique": self.is_unique,
            "calculated": False,
            "defaultedOnCreate": self.default is not None or self.name == "OwnerId",
            "referenceTo": list(self.refers_to),
            "relationshipName": self.relationship,
            "restrictedPicklist": self.is_restricted,
            "picklistValues": [
                {
                    "active": True,
                    "defaultValue": choice == self.default,
                    "label": choice,
                    "validFor": None,
                    "value": choice,
                }
                for choice in choices
            ],
        }
