"""Refusals in the shapes that Salesforce gives them.

A refused request carries `errorCode`, a refused row of a collection `statusCode`.
"""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A request, or one row of it, that is refused."""

    def __init__(
        self, status: int, code: str, message: str, *, fields: Sequence[str] = ()
    ) -> None:
        """Keep what the body is made of."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = list(fields)

    def body(self) -> list[Json]:
        """Return the body of a refused request."""
        one: Json = {"message": self.message, "errorCode": self.code}
        if self.fields:
            one["fields"] = self.fields
        return [one]

    def row(self) -> Json:
        """Return the result of a refused row."""
        error = {
            "statusCode": self.code,
            "message": self.message,
            "fields": self.fields,
        }
        return {"success": False, "errors": [error]}


def not_found() -> ApiError:
    """Return the answer for what is not there, or may not be seen."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def malformed_id(label: str, value: object) -> ApiError:
    """Return the answer for an id that is none, or of another type."""
    return ApiError(
        400, "MALFORMED_ID", f"{label}: id value of incorrect type: {value}"
    )


def no_such_type(name: str) -> ApiError:
    """Return a query's answer for an object that the org does not have."""
    return ApiError(
        400,
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a "
        "custom object, be sure to append the '__c' after the entity name. Please "
        "reference your WSDL or the describe call for the appropriate names.",
    )


def no_such_column(name: str, entity: str) -> ApiError:
    """Return a query's answer for a field that is not there, or may not be read."""
    return ApiError(
        400,
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use "
        "a custom field, be sure to append the '__c' after the custom field name. "
        "Please reference your WSDL or the describe call for the appropriate names.",
    )


def malformed_query(message: str) -> ApiError:
    """Return the answer for SOQL that cannot be read."""
    return ApiError(400, "MALFORMED_QUERY", message)
