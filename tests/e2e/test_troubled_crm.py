"""The CRM refuses, stalls, forgets to answer, or is used by somebody else as well."""

import pytest

from adapters.sandbox.company import STAGES
from tests.e2e.installation import CONNECTION, Installation, to_stage
from tests.waiting import wait_for

DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}

READ = "deals/batch/read"
WRITE = "deals/batch/update"
NOTE = "notes/batch/create"


def check_back(room: Installation, deal: str) -> None:
    room.wait_until_quiet(seconds=60)
    assert room.company.stage_of(deal) == "Lead"
    assert len(room.company.notes_on(deal)) == 1
    assert room.open_rules(deal) == set()


@pytest.mark.parametrize(
    ("path", "headers"), [(READ, {"Retry-After": "1"}), (WRITE, {}), (NOTE, {})]
)
def test_a_crm_with_too_many_requests_is_asked_again(
    room: Installation, path: str, headers: dict[str, str]
):
    deal = room.add_deal("Limited", "Lead", **DECIDED)
    fault = room.plan(kind="status", path=path, status=429, headers=headers, count=2)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault, 2)
    check_back(room, deal)


@pytest.mark.parametrize(("path", "status"), [(READ, 500), (WRITE, 503), (NOTE, 500)])
def test_a_crm_that_fails_for_a_while_is_asked_again(
    room: Installation, path: str, status: int
):
    deal = room.add_deal("Failing", "Lead", **DECIDED)
    fault = room.plan(kind="status", path=path, status=status, count=2)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault, 2)
    check_back(room, deal)


@pytest.mark.parametrize("path", [WRITE, NOTE])
@pytest.mark.parametrize("kind", ["lose", "drop"])
def test_a_lost_answer_leads_to_nothing_twice(room: Installation, path: str, kind: str):
    deal = room.add_deal("Lost answer", "Lead", **DECIDED)
    fault = room.plan(kind=kind, path=path)
    room.company.move(deal, "Negotiation")
    room.wait_until_struck(fault)
    check_back(room, deal)


def test_rows_that_the_crm_refuses_are_flagged_and_the_others_go_back(
    room: Installation,
):
    deals = list(room.add_burst(60))
    refused = deals[:3]
    room.plan(kind="partial", path=WRITE, ids=refused, count=None)
    room.company.move_all(deals, "Negotiation")
    room.wait_until_quiet(seconds=60)
    assert room.stages(deals[3:]) == {"lead"}
    assert room.stages(refused) == {"negotiation"}
    for deal in refused:
        assert len(room.company.notes_on(deal)) == 1
        assert len(room.company.tasks_on_deal(deal)) == 1
        assert room.open_rules(deal)
    assert "write_refused" in room.notices()


def test_a_deal_in_a_stage_that_the_policy_does_not_name_is_left_alone(
    room: Installation,
):
    deal = room.add_deal("Unnamed", "Lead", **DECIDED)
    labels = [*STAGES, "Limbo"]
    stages = [{"id": to_stage(one), "label": one, "probability": 0} for one in labels]
    pipeline = {"id": "default", "label": "Sales Pipeline", "stages": stages}
    room.control.post("hubspot/seed", pipelines={"deals": [pipeline]})
    room.company.move(deal, "Limbo")
    room.wait_until_quiet()
    assert room.stages([deal]) == {"limbo"}
    assert room.company.notes_on(deal) == []
    assert "stage_unknown" in room.notices()


def test_an_expired_token_stops_the_work_until_there_is_another(room: Installation):
    deal = room.add_deal("Expired", "Lead", **DECIDED)
    account = room.company.account()
    room.control.post("hubspot/tokens/expire")
    room.company.move(deal, "Negotiation")
    wait_for(lambda: "crm_refuses" in room.notices(), "the notice")
    assert room.company.stage_of(deal) == "Negotiation"
    room.control.post("hubspot/tokens", token="another")
    connection = room.app.accounts.save(
        CONNECTION,
        vendor=account.vendor,
        settings=account.settings,
        secrets={**account.secrets, "token": "another"},
        rotate=lambda _before, after: after,
        author="test",
    )
    assert room.app.accounts.probe(connection).is_ok
    check_back(room, deal)
    assert "crm_refuses" not in room.notices()


def test_the_webhooks_of_another_account_are_refused(room: Installation):
    deal = room.add_deal("Other portal", "Lead", **DECIDED)
    room.wait_until_quiet()
    changes = len(room.rows("SELECT 1 FROM changes"))
    app = next(iter(room.sandbox.hubspot.apps.values()))
    room.control.post("hubspot/webhooks/clear")
    app.portal_id += 1
    room.company.move(deal, "Negotiation")
    app.portal_id -= 1

    def answers() -> set[int]:
        return {one["status"] for one in app.channel.attempts()}

    wait_for(answers, "the delivery")
    room.control.post("hubspot/webhooks/clear")
    assert answers() <= {403}
    room.wait_until_quiet()
    assert len(room.rows("SELECT 1 FROM changes")) == changes
    assert room.company.notes_on(deal) == []


def test_a_return_to_a_stage_that_is_gone_becomes_a_flag(room: Installation):
    deal = room.add_deal("Archived", "Lead", "Qualification", "Demo", **DECIDED)
    room.control.post("hubspot/webhooks/pause")
    room.company.move(deal, "Quote sent")
    room.control.post("hubspot/stages/archive", object="deals", stage="demo")
    room.control.post("hubspot/webhooks/pause", paused=False)
    room.wait_until_quiet()
    assert room.stages([deal]) == {"quote_sent"}
    assert len(room.company.notes_on(deal)) == 1
    assert len(room.company.tasks_on_deal(deal)) == 1
    assert "write_refused" in room.notices()
