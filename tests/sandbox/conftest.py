from collections.abc import Iterator

import pytest

from tests.sandbox.fixtures import control, running, sandbox
from tests.sandbox.kit import Control, Receiver

__all__ = ["control", "running", "sandbox"]


@pytest.fixture
def receiver(control: Control) -> Iterator[Receiver]:
    """A receiver that the account's webhooks go to."""
    made = Receiver()
    control.post("hubspot/webhooks", target_url=made.url, habits={"first_retry_ms": 5})
    yield made
    control.post("hubspot/webhooks", target_url="")
    control.post("hubspot/webhooks/flush", hurry=True)
    control.post("hubspot/webhooks/clear")
    made.close()
