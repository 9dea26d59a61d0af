"""Every starter policy fits a fresh account of every CRM, and is right about itself."""

from datetime import UTC, datetime

import pytest

from connector.services.starting import StarterMissing, Starters
from connector.store.connections import Connection
from rules.document import compile_policy, parse
from rules.examples import run_examples
from rules.lint import InForce, lint
from rules.model import Enforcement, Kind
from rules.moves import path
from tests.fakes.world import World

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ACME = Connection(
    **{name: None for name in Connection.__slots__ if name not in {"id", "name"}},
    id=1,
    name="acme",
)


FRESH = (
    "hubspot-2026-03",
    "hubspot-v3-without-leads",
    "salesforce",
    "salesforce-without-feeds-and-quotes",
)
on_fresh_accounts = pytest.mark.parametrize("world", FRESH, indirect=True)


@on_fresh_accounts
@pytest.mark.parametrize("name", ["new-business", "renewals", "leads"])
def test_a_starter_fits_the_account_and_is_right_about_itself(world: World, name: str):
    starters = Starters(lambda _: world.crm)
    fitted = starters.start(name, ACME)
    document = parse(fitted.policy)
    account = world.crm.account((Kind.DEAL, Kind.LEAD))
    policy = compile_policy(document, account, published_on=NOW)
    assert lint(document, policy, in_force=InForce(None, NOW, NOW)) == []
    kind = account.kinds[policy.kind]
    there = [one.id for one in kind.pipelines[0].stages if not one.is_archived]
    assert [stage.id for stage in policy.stages] == there
    assert policy.stages[0] == path(policy)[0]
    powers = {stage.enforcement for stage in policy.stages}
    assert powers == {Enforcement.OBSERVE}
    results = run_examples(policy, fitted.examples, now=NOW)
    assert [str(one) for one in results if not one.is_ok] == []
    assert len(results) >= 2


@on_fresh_accounts
def test_what_there_is_to_begin_with_is_listed(world: World):
    starters = Starters(lambda _: world.crm)
    assert [one.name for one in starters.all] == ["new-business", "renewals", "leads"]
    assert starters.all[0].about == (
        "New customers, from the first talk to the signature."
    )
    with pytest.raises(StarterMissing, match="Did you mean “leads”"):
        starters.start("leeds", ACME)
    with pytest.raises(StarterMissing, match="no pipeline 'Nowhere'"):
        starters.start("leads", ACME, pipeline="Nowhere")
