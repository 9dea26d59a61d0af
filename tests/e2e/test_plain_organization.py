"""An organisation without feeds and quotes: tasks are all there is to say it."""

from connector.demo.showroom import policy_for
from tests.e2e.installation import Installation

CRMS = ("salesforce",)
SETTINGS = {"feeds_enabled": False, "quotes_enabled": False}


def ask_for_calls(room: Installation) -> None:
    """Publish a policy that asks for calls where the usual one asks for quotes."""
    connection = room.app.accounts.find(room.office.connection.name)
    asking = policy_for(connection).replace("quotes >= 1", "calls >= 1")
    room.app.policies.publish(asking, connection, note="Calls.", author="anna")


def test_a_move_is_put_back_explained_in_a_done_task_and_made_when_all_is_there(
    room: Installation,
):
    ask_for_calls(room)
    deal = room.add_deal(
        "Plain", "Lead", "Qualification", "Demo", decision_maker="J. Smit"
    )
    room.company.move(deal, "Quote sent")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Demo"
    [told] = room.company.notes_on(deal)
    assert "Amount is empty, and Quote sent needs it." in told
    assert "Slagboom put the opportunity back in Demo." in told
    assert room.company.tasks_on_deal(deal) == ["Plain: 2 things to put right"]
    room.company.fill(deal, amount="12000")
    room.company.call(deal)
    room.wait_until_known(deal, "Quote sent")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Quote sent"
    _, made = room.company.notes_on(deal)
    assert "Quote sent" in made
    assert room.open_rules(deal) == set()
    assert room.notices() == set()
