"""Refusals in the shape that HubSpot gives them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sandbox.ids import correlation_id

Json = dict[str, Any]

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class ApiError(Exception):
    """A request that is answered with an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        category: str = "VALIDATION_ERROR",
        errors: Sequence[Json] = (),
        context: Mapping[str, Sequence[str]] | None = None,
        sub_category: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what the body is made of."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.errors = list(errors)
        self.context = dict(context or {})
        self.sub_category = sub_category
        self.extra = dict(extra or {})

    def body(self) -> Json:
        """Return the JSON body; optional parts are left out when empty."""
        body: Json = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id(),
        }
        if self.errors:
            body["errors"] = self.errors
        if self.context:
            body["context"] = self.context
        if self.category:
            body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return body | self.extra

    def row(self, **context: Sequence[str]) -> Json:
        """Return the form it has among the errors of a 207."""
        row: Json = {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": {**self.context, **context},
        }
        if self.errors:
            row["errors"] = self.errors
        return row


def not_found() -> ApiError:
    """Return the answer for a record that is not there."""
    return ApiError(404, "resource not found", category="OBJECT_NOT_FOUND")


def missing_scopes(scopes: Sequence[str]) -> ApiError:
    """Return the answer for a token that lacks a right."""
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {SCOPES_PAGE}.",
        category="MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        extra={"links": {"scopes": SCOPES_PAGE}},
    )


def invalid_properties(problems: Sequence[Json]) -> ApiError:
    """Return the answer for property values that cannot be taken."""
    listed = [
        {
            "isValid": False,
            "message": problem["message"],
            "error": problem["code"],
            "name": problem["context"]["propertyName"][0],
        }
        for problem in problems
    ]
    text = json.dumps(listed, separators=(",", ":"))
    return ApiError(400, f"Property values were not valid: {text}", errors=problems)


def problem(name: str, code: str, message: str) -> Json:
    """Return one entry for `invalid_properties`."""
    return {"message": message, "code": code, "context": {"propertyName": [name]}}
