from collections.abc import Iterator

import pytest

from adapters.sandbox import Sandbox
from tests.sandbox.salesforce.kit import Api


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Api]:
    made = Api(sandbox)
    yield made
    made.close()
