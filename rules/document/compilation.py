"""A document on its way to a policy: what its words mean in an account."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rules.account import AccountStage
from rules.document.meaning import stage_key
from rules.document.names import Names
from rules.document.problems import Path
from rules.document.reading import Document
from rules.document.rule_shape import Rule
from rules.model import Enforcement, Kind, StageId
from rules.policy import LocalText


@dataclass(frozen=True, slots=True)
class Compilation:
    """One document and what was found for it; `names` gathers what is wrong meanwhile.

    `stages` are those that the document's keys mean; `kinds` are the kinds of record
    that the account has, None where no account can be asked.
    """

    document: Document
    names: Names
    stages: Mapping[str, AccountStage]
    kinds: Collection[Kind] | None

    def stage_id(self, name: str) -> StageId | None:
        """Return a stage's id; None if it is a problem that is told elsewhere."""
        key = stage_key(name, self.document.shape.stages)
        stage = None if key is None else self.stages.get(key)
        return None if stage is None else stage.id

    def power(self, rule: Rule) -> Enforcement:
        """Return how much power a rule has: its own, else the document's."""
        return Enforcement(rule.enforcement or self.document.shape.enforcement)

    def text(self, text: Mapping[str, str]) -> LocalText:
        """Return a text by language; one without is in the language of the document."""
        language = self.document.shape.locale[:2]
        return {name or language: one for name, one in text.items()}

    def tell(self, path: Path, message: str) -> None:
        """Note what is wrong."""
        self.names.problems.append(self.document.source.problem(path, message))
