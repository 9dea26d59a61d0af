"""The set-up list, which ticks itself: every step is found in the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connector.store.channels import Channel
from connector.store.health import has_failed
from connector.store.setup import Account, Known


class StepCode(StrEnum):
    """What is to be set up, in the order in which it makes sense."""

    CONNECT = "connect"
    PROBE = "probe"
    IMPORT = "import"
    WEBHOOK = "webhook"
    POLICY = "policy"
    PEOPLE = "people"
    CHANNEL = "channel"
    CHANNEL_TEST = "channel_test"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, for the connection or channel `name` (empty: there is none yet).

    A step that is done for several names them all. `is_next`: the first one that is
    not done. `at` is when it was done, None where that is not known.
    """

    code: StepCode
    is_done: bool
    is_next: bool = False
    name: str = ""
    vendor: str = ""
    at: datetime | None = None


def to_steps(
    accounts: Sequence[Account], channels: Sequence[Channel], known: Known
) -> tuple[Step, ...]:
    """Return every step, for the account or channel that lacks it if one does."""
    steps = [
        Step(StepCode.CONNECT, bool(accounts), name=_names(accounts)),
        _of_accounts(
            StepCode.PROBE,
            accounts,
            {
                one.name: one.probed_at
                for one in accounts
                if one.probed_at is not None and not has_failed(one.probe)
            },
        ),
        _of_accounts(
            StepCode.IMPORT, accounts, {one.name: one.imported_at for one in accounts}
        ),
        _of_accounts(
            StepCode.WEBHOOK, accounts, {one.name: one.heard_at for one in accounts}
        ),
        Step(
            StepCode.POLICY,
            bool(accounts) and all(one.policies for one in accounts),
            name=_names([one for one in accounts if not one.policies][:1] or accounts),
        ),
        Step(StepCode.PEOPLE, known.people > 0),
        Step(StepCode.CHANNEL, bool(channels), name=_names(channels)),
        _of_channels(channels),
    ]
    waiting = next((place for place, one in enumerate(steps) if not one.is_done), None)
    return tuple(
        replace(step, is_next=place == waiting) for place, step in enumerate(steps)
    )


def _of_accounts(
    code: StepCode,
    accounts: Sequence[Account],
    done: dict[str, datetime | None],
) -> Step:
    lacking = next((one for one in accounts if done.get(one.name) is None), None)
    return Step(
        code,
        bool(accounts) and lacking is None,
        name=_names(accounts if lacking is None else [lacking]),
        vendor="" if lacking is None else lacking.vendor,
        at=max((at for at in done.values() if at is not None), default=None),
    )


def _of_channels(channels: Sequence[Channel]) -> Step:
    lacking = next(
        (one for one in channels if not one.last_test or has_failed(one.last_test)),
        None,
    )
    return Step(
        StepCode.CHANNEL_TEST,
        bool(channels) and lacking is None,
        name=_names(channels if lacking is None else [lacking]),
    )


def _names(of: Sequence[Account] | Sequence[Channel]) -> str:
    return ", ".join(one.name for one in of)
