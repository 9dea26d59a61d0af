"""The JSON Schema of a policy document, for editors."""

from typing import Any

from rules.document.shape import DocumentShape

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the schema that an editor checks and completes a document with.

    It knows the shape. Whether a stage, field or goal exists, only `parse` and
    `compile_policy` can say.
    """
    found = DocumentShape.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": DIALECT, **found, "title": "Slagboom policy"}
