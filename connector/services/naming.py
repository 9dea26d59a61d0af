"""Which fields of a CRM policies name, and which of them they put back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rules.document import compile_policy, parse
from rules.facts import fields_read
from rules.model import FieldMap, FieldName, Kind, PropertyName
from rules.policy import OnFail, Policy


def named_fields(policies: Iterable[Policy]) -> Mapping[Kind, FieldMap]:
    """Return, for each kind of record, every field that some policy speaks of."""
    found: dict[Kind, dict[FieldName, PropertyName]] = {}
    for policy in policies:
        found.setdefault(policy.kind, {}).update(policy.fields)
        for follow_up in policy.follow_ups:
            found.setdefault(follow_up.kind, {})
    return found


def restored_fields(
    policies: Iterable[Policy],
) -> Mapping[Kind, frozenset[PropertyName]]:
    """Return, for each kind of record, the properties that a check may put back."""
    found: dict[Kind, frozenset[PropertyName]] = {}
    for policy in policies:
        names = {
            FieldName(name)
            for check in policy.checks
            if check.on_fail is OnFail.RESTORE
            for name in fields_read(check.condition)
        }
        restored = {policy.fields[name] for name in names & policy.fields.keys()}
        found[policy.kind] = found.get(policy.kind, frozenset()) | restored
    return found


def read_draft(text: str, *, vendor: str, now: datetime) -> Policy:
    """Return a document's policy with the properties that it names for a vendor.

    No account is asked: one that is not among `fields` goes by its own name. Raises
    DocumentInvalid.
    """
    document = parse(text)
    policy = compile_policy(document, None, published_on=now)
    own = {
        FieldName(name): PropertyName(by_vendor.get(vendor, by_vendor.get("", name)))
        for name, by_vendor in document.shape.fields.items()
    }
    fields = {name: own.get(name, theirs) for name, theirs in policy.fields.items()}
    return replace(policy, fields=fields)
