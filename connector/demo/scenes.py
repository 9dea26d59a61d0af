"""The scenes: somebody does something careless, and something must come of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.sandbox.company import MANAGER, SANNE, TOM
from connector.demo.showroom import Showroom
from rules.model import Kind, RecordId, RecordRef

PATIENCE_SECONDS = 30.0
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
    """What somebody does with a customer, and what Slagboom must do about it."""

    title: str
    play: Callable[[Showroom, str], Sequence[Consequence]]

    def run(self, room: Showroom, customer: str, tell: Callable[[Seen], None]) -> bool:
        """Play it, tell what comes of it in order, and return whether all of it did."""
        consequences = self.play(room, customer)
        begun = time.monotonic()
        is_complete = True
        for consequence in consequences:
            took = _wait(consequence.has_come, begun)
            tell(Seen(consequence.text, took))
            is_complete = is_complete and took is not None
        return is_complete


def _wait(has_come: Callable[[], bool], begun: float) -> float | None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if has_come():
            return time.monotonic() - begun
        time.sleep(_LOOK_SECONDS)
    return None


def _jump(room: Showroom, customer: str) -> Sequence[Consequence]:
    company = room.company
    deal = company.add_deal(customer, "Lead", decision_maker="J. Smit")
    _wait_until_known(room, deal, "Lead")
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


def _placeholder(room: Showroom, customer: str) -> Sequence[Consequence]:
    company = room.company
    deal = company.add_deal(customer, "Lead")
    _wait_until_known(room, deal, "Lead")
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


def _hold(room: Showroom, customer: str) -> Sequence[Consequence]:
    company = room.company
    deal = company.add_deal(customer, "Lead", decision_maker="Dr. Blok", amount="12000")
    _wait_until_known(room, deal, "Lead")
    for stage in ("Qualification", "Demo"):
        company.move(deal, stage)
        _wait_until_known(room, deal, stage)
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


def _forgotten(room: Showroom, customer: str) -> Sequence[Consequence]:
    company = room.company
    lead = company.add_lead(customer)
    return (
        Consequence(
            f"A task for Sanne: Call {customer}.",
            lambda: f"Call {customer}" in company.tasks_on_lead(lead),
        ),
        Consequence(
            "Sanne is reminded in Slack.", lambda: bool(_slack(room, SANNE, customer))
        ),
        Consequence(
            "Her manager hears of it in Slack.",
            lambda: bool(_slack(room, MANAGER, customer)),
        ),
        Consequence(
            "Once Sanne has called, the messages say that it is settled.",
            _after(
                lambda: company.call(lead),
                lambda: all("ettled" in one for one in _slack(room, MANAGER, customer)),
            ),
        ),
    )


def _slack_down(room: Showroom, customer: str) -> Sequence[Consequence]:
    company = room.company
    faults = room.sandbox.engine.faults
    fault = faults.add(
        {"kind": "status", "path": "chat.postMessage", "status": 503, "count": None}
    )
    company.add_lead(customer, owner=TOM)

    def is_mailed() -> bool:
        mails = room.sandbox.mail.listing(MANAGER)
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


def _slack(room: Showroom, to: str, words: str) -> list[str]:
    """Return the messages to somebody in which these words stand."""
    texts = [str(one) for one in room.sandbox.slack.posted(to)]
    return [text for text in texts if words in text]


def _wait_until_known(room: Showroom, deal: str, stage: str) -> None:
    """Wait until Slagboom has accepted the deal in this stage."""
    wanted = stage.lower().replace(" ", "_")
    ref = RecordRef(Kind.DEAL, RecordId(deal))

    def is_known() -> bool:
        with room.app.store.begin() as tx:
            found = tx.baselines.find(room.connection_id, ref)
        return found is not None and found[1].stage == wanted

    _wait(is_known, time.monotonic())


SCENES = (
    Scene("A deal jumps from Lead to Negotiation", _jump),
    Scene("A required field says “n.v.t.”", _placeholder),
    Scene("A deal goes to Quote sent without a quote", _hold),
    Scene("Nobody calls a lead", _forgotten),
    Scene("Nobody calls a lead, and Slack is down", _slack_down),
)
