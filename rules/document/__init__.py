"""The policy document: YAML that people write, checked and compiled into a policy.

`parse` says what is wrong with a text in itself, `compile_policy` whether it fits an
account; both name every problem at once, each with its line and column.
"""

from rules.document.compiling import compile_policy, effective_at
from rules.document.problems import DocumentInvalid, Problem
from rules.document.reading import Document, parse
from rules.document.schema import schema

__all__ = [
    "Document",
    "DocumentInvalid",
    "Problem",
    "compile_policy",
    "effective_at",
    "parse",
    "schema",
]
