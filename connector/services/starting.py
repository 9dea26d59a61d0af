"""Starter policies: what there is to begin with, fitted to an account."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from itertools import takewhile

from connector.errors import ConfigError
from connector.services.policies import CrmFor
from connector.store.connections import Connection
from rules.account import AccountKind, AccountPipeline
from rules.document.problems import did_you_mean, listed
from rules.fitting import Fitted, fit
from rules.model import Kind

_FOLDER = "connector.services.starters"
_KINDS: Mapping[str, Kind] = {
    "new-business": Kind.DEAL,
    "renewals": Kind.DEAL,
    "leads": Kind.LEAD,
}
"""Every starter, in the order in which to begin, and what its records are."""


class StarterMissing(ConfigError):
    """There is no such starter, or the account has no place for it."""


@dataclass(frozen=True, slots=True)
class Starter:
    """A policy to begin with. `about` is the sentence with which it begins."""

    name: str
    record: Kind
    about: str
    policy: str
    examples: str


class Starters:
    """The policies to begin with."""

    def __init__(self, crm_for: CrmFor) -> None:
        """Ask accounts for their stages through `crm_for`."""
        self._crm_for = crm_for

    @cached_property
    def all(self) -> tuple[Starter, ...]:
        """Every starter, the first one to begin with first."""
        return tuple(_load(name) for name in _KINDS)

    def start(
        self, name: str, connection: Connection, *, pipeline: str | None = None
    ) -> Fitted:
        """Return a starter as it is for an account, and its examples.

        `pipeline` is a label or id; the account's first one if None. Raises
        StarterMissing, and what `adapters.errors` has.
        """
        starter = next((one for one in self.all if one.name == name), None)
        if starter is None:
            raise StarterMissing(
                f"There is no starter {name!r}.{did_you_mean(name, _KINDS)}"
                f" There are: {listed(_KINDS)}."
            )
        account = self._crm_for(connection).account((starter.record,))
        kind = account.kinds.get(starter.record)
        if kind is None or not kind.pipelines:
            raise StarterMissing(
                f"{connection.name} has no pipeline of {starter.record}s, which"
                f" {name} is for."
            )
        try:
            return fit(
                starter.policy,
                starter.examples,
                connection=connection.name,
                kind=kind,
                pipeline=_find(kind, pipeline),
            )
        except ValueError as error:
            raise StarterMissing(str(error)) from error


def _find(kind: AccountKind, wanted: str | None) -> AccountPipeline:
    if wanted is None:
        return kind.pipelines[0]
    for one in kind.pipelines:
        if wanted.casefold() in {one.id.casefold(), one.label.casefold()}:
            return one
    labels = [one.label for one in kind.pipelines]
    raise StarterMissing(
        f"There is no pipeline {wanted!r}.{did_you_mean(wanted, labels)}"
        f" There are: {listed(labels)}."
    )


def _load(name: str) -> Starter:
    folder = resources.files(_FOLDER)
    text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    comment = takewhile(lambda line: line.startswith("#"), text.splitlines())
    about = " ".join(line.removeprefix("# ") for line in comment)
    return Starter(
        name=name,
        record=_KINDS[name],
        about=f"{about.partition('. ')[0]}.",
        policy=text,
        examples=folder.joinpath(f"{name}.test.yaml").read_text(encoding="utf-8"),
    )
