"""One document runs on either CRM: the example, on the same company in each of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.sandbox import Sandbox
from adapters.sandbox.company import STAGES, Company
from adapters.sandbox.hubspot.company import HubSpotCompany
from adapters.sandbox.salesforce.company import SalesforceCompany
from rules.document import compile_policy, parse
from rules.examples import run_examples
from rules.model import FieldName, FieldType, Kind
from rules.policy import Policy
from tests.contract.conftest import WORLDS

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
COMPANIES: Mapping[str, Callable[[str], Company]] = {
    "hubspot-2026-03": HubSpotCompany,
    "salesforce": SalesforceCompany,
}


def compiled(name: str, request: pytest.FixtureRequest, sandbox: Sandbox) -> Policy:
    """Return the example as the company's account in one CRM makes a policy of it."""
    world = WORLDS[name](request)
    COMPANIES[name](sandbox.url).set_up()
    account = world.crm.account((Kind.DEAL, Kind.LEAD))
    document = parse((EXAMPLES / "either-crm.yaml").read_text("utf-8"))
    return compile_policy(document, account, published_on=NOW)


@pytest.fixture(params=COMPANIES)
def policy(request: pytest.FixtureRequest, sandbox: Sandbox) -> Policy:
    return compiled(request.param, request, sandbox)


def test_the_document_fits_the_account(policy: Policy):
    assert [stage.label for stage in policy.stages] == list(STAGES)
    assert [stage.label for stage in policy.stages if stage.is_closed] == [
        "Won",
        "Lost",
    ]


def test_the_same_examples_hold(policy: Policy):
    text = (EXAMPLES / "either-crm-examples.yaml").read_text("utf-8")
    results = run_examples(policy, text, now=NOW)
    assert results
    assert [(one.name, one.differences) for one in results if one.differences] == []


def test_each_crm_gives_its_own_properties_the_same_types(
    request: pytest.FixtureRequest, sandbox: Sandbox
):
    hubspot, salesforce = (compiled(name, request, sandbox) for name in COMPANIES)
    for name, type_ in {
        "decision_maker": FieldType.TEXT,
        "contract_date": FieldType.DATE,
        "lost_reason": FieldType.TEXT,
        "amount": FieldType.NUMBER,
        "close_date": FieldType.DATE,
        "probability": FieldType.NUMBER,
    }.items():
        field = FieldName(name)
        assert (hubspot.types[field], salesforce.types[field]) == (type_, type_)
        assert hubspot.fields[field] != salesforce.fields[field]
