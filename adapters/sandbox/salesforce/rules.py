"""An admin's validation rules: what refuses a save, from people and programs alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.salesforce.errors import ApiError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuses a change of `field` to one of `to`, from one of `origins` if given.

    With `required` only while one of those is empty. Users in `exempt` (ids) pass, as
    with a custom permission that the formula asks for.
    """

    type: str
    field: str
    to: frozenset[Any]
    origins: frozenset[Any]
    required: tuple[str, ...]
    message: str
    error_field: str
    exempt: frozenset[str]

    def judge(self, before: Json, after: Json, user_id: str) -> None:
        """Raise ApiError unless the change may be saved."""
        old, value = before.get(self.field), after.get(self.field)
        is_meant = (
            user_id not in self.exempt
            and old != value
            and (not self.to or value in self.to)
            and (not self.origins or old in self.origins)
        )
        if not is_meant:
            return
        if self.required and all(after.get(one) is not None for one in self.required):
            return
        raise ApiError(
            400,
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            self.message,
            fields=[self.error_field] if self.error_field else (),
        )


def to_rule(raw: Mapping[str, Any], *, exempt: frozenset[str]) -> ValidationRule:
    """Return a rule of its JSON form: object, field, to, from, required, message."""
    return ValidationRule(
        type=str(raw.get("object") or "Opportunity"),
        field=str(raw.get("field") or "StageName"),
        to=frozenset(raw.get("to") or ()),
        origins=frozenset(raw.get("from") or ()),
        required=tuple(raw.get("required") or ()),
        message=str(raw.get("message") or "This change is not allowed."),
        error_field=str(raw.get("error_field") or ""),
        exempt=exempt,
    )
