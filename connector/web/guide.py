"""The set-up list in words, with the exact command to type next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from connector.config import SECRET_PLACE, is_loopback
from connector.services.problems import Problem
from connector.services.setup import Step, StepCode
from connector.web.reader import Reader

_COMMANDS: Mapping[StepCode, str] = {
    StepCode.PROBE: "slagboom probe {name}",
    StepCode.IMPORT: "slagboom import {name}",
    StepCode.WEBHOOK: "slagboom {vendor} init {vendor} --connection {name}",
    StepCode.POLICY: 'slagboom policy publish policy.yaml --note "Our first policy"',
    StepCode.PEOPLE: "slagboom people import people.csv",
    StepCode.CHANNEL: (
        "slagboom channels add slack team --token-file slack-token.txt"
        " --signing-secret-file slack-secret.txt"
    ),
    StepCode.CHANNEL_TEST: "slagboom channels test {name} --to you@example.com",
}

WebhookOf = Callable[[str, str], str]
"""Gives the address for the deliveries of a vendor's connection of this name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of the list. `command` is typed, `address` entered elsewhere.

    `note` says more about the address.
    """

    step: Step
    state: str
    title: str
    why: Markup
    command: str
    address: str
    note: str
    warning: str


def to_entry(
    step: Step,
    reader: Reader,
    *,
    public_url: str,
    connect_command: str,
    webhook_of: WebhookOf,
) -> Entry:
    """Return a step in the reader's language.

    `connect_command` is an example of how an account is connected.
    """
    is_webhook = step.code is StepCode.WEBHOOK and bool(step.vendor)
    address = webhook_of(step.vendor, step.name) if is_webhook else ""
    state = "done" if step.is_done else "next" if step.is_next else "later"
    return Entry(
        step=step,
        state=state,
        title=reader.say(step.code.value),
        why=reader.tell(f"{step.code.value}_why"),
        command=_command(step, connect_command),
        address=address,
        note=(
            reader.say("webhook_secret", place=SECRET_PLACE)
            if SECRET_PLACE in address
            else ""
        ),
        warning=(
            reader.say("webhook_loopback")
            if is_webhook and is_loopback(public_url)
            else ""
        ),
    )


def _command(step: Step, connect_command: str) -> str:
    if step.code is StepCode.CONNECT:
        return connect_command
    if step.code is StepCode.WEBHOOK and not step.vendor:
        # Nothing is connected whose project it could be.
        return ""
    command = _COMMANDS.get(step.code, "")
    return command.format(name=step.name or "acme", vendor=step.vendor)


def to_sentence(problem: Problem, reader: Reader) -> Markup:
    """Return what is wrong, and what to do about it."""
    return reader.tell(problem.code.value, name=problem.name, count=problem.count)
