"""What an admin permits, stops and takes back by command, on real processes."""

from collections.abc import Iterator
from contextlib import contextmanager

from connector.demo.showroom import policy_for
from tests.e2e.installation import Installation
from tests.waiting import wait_for

DONE, FOUND, WRONG_USE = 0, 1, 2
ANNA = "anna@example.com"
DECIDED = {"decision_maker": "J. Smit", "amount": "12000"}
PROCESS = "new-business"


def test_a_return_is_taken_back_and_stays_so(room: Installation):
    deal = room.add_deal("Mistaken", "Lead", **DECIDED)
    room.company.move(deal, "Negotiation")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Lead"
    [returned] = [
        one
        for one in room.read("interventions")
        if one["crm_id"] == deal and one["kind"] == "return"
    ]
    code, said = room.type("undo", str(returned["id"]), "--why", "It was right")
    assert (code, said) == (DONE, "1 taken back\n")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Negotiation"
    assert len(room.company.notes_on(deal)) == 2
    code, said = room.type("undo", str(returned["id"]))
    assert code == WRONG_USE
    assert "is undone" in said


def test_a_return_is_taken_back_though_a_worker_has_the_record_in_hand(
    room: Installation,
):
    deal = room.add_deal("In hand", "Lead", **DECIDED)
    room.company.move(deal, "Negotiation")
    room.wait_until_quiet()
    [returned] = [
        one
        for one in room.read("interventions")
        if one["crm_id"] == deal and one["kind"] == "return"
    ]
    room.rows(
        "UPDATE records SET lease = 'another', leased_until = now() + '2 seconds'"
        " WHERE crm_id = %s RETURNING id",
        deal,
    )
    undone = room.type("undo", str(returned["id"]), "--why", "It was right")
    assert undone == (DONE, "1 taken back\n")
    assert room.company.stage_of(deal) == "Negotiation"


def test_a_record_that_has_moved_on_is_not_taken_back(room: Installation):
    deal = room.add_deal("Moved on", "Lead", **DECIDED)
    room.company.move(deal, "Negotiation")
    room.wait_until_quiet()
    room.company.move(deal, "Qualification")
    room.wait_until_known(deal, "Qualification")
    [run] = {one["run"] for one in room.read("interventions") if one["crm_id"] == deal}
    assert room.type("undo", "--run", str(run))[0] == FOUND
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Qualification"
    assert "reversal_left" in room.notices()


def test_an_exempt_deal_may_jump(room: Installation):
    deal = room.add_deal("Exempt", "Lead", **DECIDED)
    grant = ("--until", "7d", "--why", "Framework contract", "--by", ANNA)
    code, said = room.type("exempt", f"deal:{deal}", "move.skip", *grant)
    assert code == DONE, said
    code, said = room.type("exempt", f"deal:{deal}", "move.skp", *grant)
    assert code == WRONG_USE
    assert "move.skip" in said
    room.company.move(deal, "Demo")
    room.wait_until_known(deal, "Demo")
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Demo"
    [exempt] = [one for one in room.read("exemptions") if one["crm_id"] == deal]
    assert (exempt["rule"], exempt["why"]) == ("move.skip", "Framework contract")
    assert room.type("exempt", "--revoke", str(exempt["id"]))[0] == DONE


def test_a_move_that_waits_is_dropped(room: Installation):
    deal = room.add_deal("Dropped", "Lead", "Qualification", "Demo", **DECIDED)
    room.company.move(deal, "Quote sent")
    room.wait_until_quiet()
    [hold] = [one for one in room.read("holds") if one["crm_id"] == deal]
    assert "quote" in " ".join(hold["still_missing"])
    words = ("holds", "drop", f"deal:{deal}", "--by", ANNA, "--why", "Not now")
    assert room.type(*words)[0] == DONE
    assert room.type(*words)[0] == WRONG_USE
    room.company.add_quote(deal)
    room.wait_until_quiet()
    assert room.company.stage_of(deal) == "Demo"


def test_a_storm_is_stopped_and_put_back_when_somebody_says_so(room: Installation):
    deals = room.add_burst(60)
    with limited(room, "{returns: 20, share: 100%}"):
        room.company.move_all(deals, "Negotiation")
        wait_for(lambda: room.rows("SELECT 1 FROM storms"), "the storm")
        room.wait_until_quiet()
        [storm] = room.read("storm")
        assert (storm["returned"], storm["most"]) == (20, 20)
        assert room.count_back(deals) == 60 - storm["moved"] <= 20
        code, said = room.type("storm", "look", room.office.connection.name)
        assert code == DONE
        assert f"{storm['moved']} records were changed" in said
        code, said = room.type("storm", "return")
        assert code == DONE, said
        room.check_burst(deals)
        assert room.type("storm", "permit")[0] == WRONG_USE


def test_an_announced_import_stays_as_it_is(room: Installation):
    deals = room.add_burst(30)
    code, said = room.type(
        *("permit", "--process", PROCESS, "--records", "30", "--until", "1d"),
        *("--why", "The old CRM is moved over", "--by", ANNA),
    )
    assert code == DONE, said
    room.company.move_all(deals, "Negotiation")
    for deal in deals:
        room.wait_until_known(deal, "Negotiation")
    room.wait_until_quiet()
    assert room.stages(deals) == {"Negotiation"}
    [permit] = room.read("permits", "--all")
    assert (permit["used"], permit["ended_why"]) == (30, "used")


@contextmanager
def limited(room: Installation, storm: str) -> Iterator[None]:
    """Have another storm limit in force meanwhile."""
    connection = room.app.accounts.find(room.office.connection.name)
    whole = policy_for(connection)
    text = "".join(
        f"storm: {storm}\n" if line.startswith("storm:") else line
        for line in whole.splitlines(keepends=True)
    )
    room.app.policies.publish(text, connection, note="n", author="anna")
    try:
        yield
    finally:
        room.app.policies.publish(whole, connection, note="n", author="anna")
