"""The scenes: somebody does something careless, and something must come of it."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.sandbox.company import MANAGER, SANNE, TOM
from connector.demo.showroom import Office

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Consequence:
    """What must come of a scene, and how to see that it has."""

    text: str
    has_come: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """A consequence, and how many seconds it took; None: it did not come."""

    text: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What somebody does with a customer, and what Slagboom must do about it.

    `path` are the stages that the customer's deal went through before, lawfully; it has
    `fields` by then. Without a path there is no deal yet.
    """

    title: str
    play: Callable[[Office, str, str], Sequence[Consequence]]
    path: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    def prepare(self, office: Office, customer: str) -> str:
        """Do what went before; return the deal's id, empty if there is none."""
        if not self.path:
            return ""
        deal = office.company.add_deal(customer, self.path[0], **self.fields)
        _wait_until_known(office, deal, self.path[0])
        for stage in self.path[1:]:
            office.company.move(deal, stage)
            _wait_until_known(office, deal, stage)
        return deal


@dataclass(slots=True)
class Run:
    """A scene while it is played in one office, and what has come of it so far.

    Each consequence is waited for so many seconds of `patience`.
    """

    scene: Scene
    office: Office
    customer: str
    patience: float = PATIENCE_SECONDS
    seen: list[Seen] = field(default_factory=list)
    _deal: str = ""
    _waiting: deque[Consequence] = field(default_factory=deque)
    _begun: float = 0.0
    _changed: float = 0.0

    def prepare(self) -> None:
        """Do what went before."""
        self._deal = self.scene.prepare(self.office, self.customer)

    def begin(self) -> None:
        """Have somebody do the careless thing."""
        self._waiting.extend(self.scene.play(self.office, self.customer, self._deal))
        self._begun = self._changed = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Return whether nothing more is waited for."""
        return not self._waiting

    def look(self) -> Seen | None:
        """Return what has come since the last look, or is given up; None if nothing.

        Consequences come in order, one at a look.
        """
        if self.is_over:
            return None
        has_come = self._waiting[0].has_come()
        now = time.monotonic()
        if not has_come and now < self._changed + self.patience:
            return None
        self._changed = now
        text = self._waiting.popleft().text
        self.seen.append(Seen(text, now - self._begun if has_come else None))
        return self.seen[-1]


def run_together(runs: Sequence[Run], tell: Callable[[Run, Seen], None]) -> None:
    """Play these side by side, and tell what comes of each as it comes."""
    for one in runs:
        one.prepare()
    for one in runs:
        one.begin()
    while not all(one.is_over for one in runs):
        for one in runs:
            if (seen := one.look()) is not None:
                tell(one, seen)
        time.sleep(_LOOK_SECONDS)


def _jump(office: Office, _customer: str, deal: str) -> Sequence[Consequence]:
    company = office.company
    company.move(deal, "Negotiation")
    return (
        Consequence(
            "The deal is back in Lead.", lambda: company.stage_of(deal) == "Lead"
        ),
        Consequence(
            "A note says which stages were skipped, and why that matters.",
            lambda: any("Quote sent" in note for note in company.notes_on(deal)),
        ),
    )


def _placeholder(office: Office, _customer: str, deal: str) -> Sequence[Consequence]:
    company = office.company
    company.move(deal, "Qualification", decision_maker="n.v.t.")
    return (
        Consequence(
            "One task asks for the decision maker.",
            lambda: len(company.tasks_on_deal(deal)) == 1,
        ),
        Consequence(
            "A note says that “n.v.t.” is no answer.",
            lambda: any("n.v.t." in note for note in company.notes_on(deal)),
        ),
        Consequence(
            "The deal stays where it is: this rule only flags.",
            lambda: company.stage_of(deal) == "Qualification",
        ),
    )


def _hold(office: Office, _customer: str, deal: str) -> Sequence[Consequence]:
    company = office.company
    company.move(deal, "Quote sent")
    return (
        Consequence(
            "Without a quote the deal goes back to Demo.",
            lambda: company.stage_of(deal) == "Demo" and any(company.notes_on(deal)),
        ),
        Consequence(
            "Once somebody makes the quote, Slagboom moves the deal on by itself.",
            _after(
                lambda: company.add_quote(deal),
                lambda: company.stage_of(deal) == "Quote sent",
            ),
        ),
    )


def _forgotten(office: Office, customer: str, _deal: str) -> Sequence[Consequence]:
    company = office.company
    lead = company.add_lead(customer)
    return (
        Consequence(
            f"A task for Sanne: Call {customer}.",
            lambda: f"Call {customer}" in company.tasks_on_lead(lead),
        ),
        Consequence(
            "Sanne is reminded in Slack.", lambda: bool(_slack(office, SANNE, customer))
        ),
        Consequence(
            "Her manager hears of it in Slack.",
            lambda: bool(_slack(office, MANAGER, customer)),
        ),
        Consequence(
            "Once Sanne has called, the messages say that it is settled.",
            _after(
                lambda: company.call(lead),
                lambda: all(
                    "ettled" in one for one in _slack(office, MANAGER, customer)
                ),
            ),
        ),
    )


def _slack_down(office: Office, customer: str, _deal: str) -> Sequence[Consequence]:
    company = office.company
    faults = office.sandbox.engine.faults
    fault = faults.add(
        {"kind": "status", "path": "chat.postMessage", "status": 503, "count": None}
    )
    company.add_lead(customer, owner=TOM)

    def is_mailed() -> bool:
        mails = office.sandbox.mail.listing(MANAGER)
        if not any(customer in str(mail) for mail in mails):
            return False
        faults.clear(fault.id)
        return True

    return (Consequence("Tom's manager gets an e-mail instead.", is_mailed),)


def _after(act: Callable[[], None], has_come: Callable[[], bool]) -> Callable[[], bool]:
    """Return a question that has somebody act before it is first asked."""
    acted = False

    def ask() -> bool:
        nonlocal acted
        if not acted:
            act()
            acted = True
        return has_come()

    return ask


def _slack(office: Office, to: str, words: str) -> list[str]:
    """Return the messages to somebody in which these words stand."""
    texts = [str(one) for one in office.sandbox.slack.posted(to)]
    return [text for text in texts if words in text]


def _wait_until_known(office: Office, deal: str, stage: str) -> None:
    """Wait until Slagboom has accepted the deal in this stage."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not office.knows(deal, stage) and time.monotonic() < give_up_at:
        time.sleep(_LOOK_SECONDS)


SCENES = (
    Scene(
        "A deal jumps from Lead to Negotiation",
        _jump,
        path=("Lead",),
        fields={"decision_maker": "J. Smit"},
    ),
    Scene("A required field says “n.v.t.”", _placeholder, path=("Lead",)),
    Scene(
        "A deal goes to Quote sent without a quote",
        _hold,
        path=("Lead", "Qualification", "Demo"),
        fields={"decision_maker": "Dr. Blok", "amount": "12000"},
    ),
    Scene("Nobody calls a lead", _forgotten),
    Scene("Nobody calls a lead, and Slack is down", _slack_down),
)
