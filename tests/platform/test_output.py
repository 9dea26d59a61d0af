"""What the commands print of texts that others wrote."""

import time
from datetime import UTC, datetime

import pytest

from connector.cli.output import say, show


def printed(capsys: pytest.CaptureFixture[str], text: str) -> str:
    show([text], {"name": str}, is_json=False, empty="")
    return capsys.readouterr().out.partition("\n")[2].rstrip()


@pytest.mark.parametrize(
    "text",
    ["[bold]x[/bold]", r"\[/nope]", "[link=https://example.com]x", ":smile:", "❤ é"],
)
def test_a_table_shows_a_text_as_it_is(capsys: pytest.CaptureFixture[str], text: str):
    assert printed(capsys, text) == text


def test_a_table_sends_no_command_to_the_terminal(capsys: pytest.CaptureFixture[str]):
    assert printed(capsys, "\x1b]0;x\x07\x9b2J\rfake") == "�]0;x��2J�fake"


def test_a_text_sends_no_command_to_the_terminal(capsys: pytest.CaptureFixture[str]):
    say("one\r\n\ttwo \x1b[2J\x00\r")
    say("three\x08", err=True, nl=False)
    assert capsys.readouterr() == ("one\r\n\ttwo �[2J��\n", "three�")


def test_a_table_says_in_which_zone_its_times_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Europe/Amsterdam")
    time.tzset()
    try:
        moment = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
        show([moment], {"since": lambda at: at}, is_json=False, empty="")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2026-12-01 13:00:00 CET" in capsys.readouterr().out
