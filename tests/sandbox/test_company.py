"""The small sales company: the same people do the same things in every CRM."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.sandbox import Sandbox
from adapters.sandbox.companies import COMPANIES
from adapters.sandbox.company import STAGES, TOM, Company
from connector.vendors import CRMS, check_options
from tests.sandbox.kit import Control, Receiver
from tests.waiting import wait_for


@pytest.fixture(params=COMPANIES)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def company(vendor: str, sandbox: Sandbox) -> Company:
    made = COMPANIES[vendor](sandbox.url)
    made.set_up()
    return made


@pytest.fixture
def listener(control: Control) -> Iterator[Receiver]:
    """Takes webhooks, and answers everything with 200."""
    made = Receiver()
    yield made
    control.post("reset")
    made.close()


def test_the_account_is_what_connecting_asks_for(vendor: str, company: Company):
    account = company.account()
    given = {**account.settings, **account.secrets}
    settings, secrets = check_options(CRMS[vendor].options, given)
    assert account.vendor == vendor
    assert account.settings.items() <= settings.items()
    assert account.secrets == secrets


@pytest.mark.parametrize("stage", STAGES)
def test_a_deal_stands_where_its_owner_put_it(company: Company, stage: str):
    deal = company.add_deal("Acme", "Lead", amount="12000", lost_reason="Price")
    company.move(deal, stage, close_date="2026-12-24")
    assert company.stage_of(deal) == stage


def test_fields_are_set_by_the_names_that_every_crm_shares(company: Company):
    deal = company.add_deal("Acme", "Lead")
    assert company.amount_of(deal) is None
    company.fill(
        deal, amount="12000", decision_maker="J. Smit", contract_date="2026-12-24"
    )
    assert company.amount_of(deal) == 12000
    company.move(deal, "Lost", amount="0", lost_reason="Price")
    assert company.amount_of(deal) == 0


def test_a_bulk_edit_moves_many_deals(company: Company):
    deals = company.add_deals(5, "Lead", decision_maker="J. Smit")
    company.move_all(deals[:3], "Lost", lost_reason="Price")
    stages = [company.stage_of(deal) for deal in deals]
    assert stages == ["Lost"] * 3 + ["Lead"] * 2


def test_a_stage_can_be_added_and_used(company: Company):
    deal = company.add_deal("Acme", "Lead")
    company.add_stage("Limbo")
    company.move(deal, "Limbo")
    assert company.stage_of(deal) == "Limbo"


def test_a_deal_stays_in_a_stage_that_is_retired(company: Company):
    deal = company.add_deal("Acme", "Demo")
    company.retire_stage("Demo")
    assert company.stage_of(deal) == "Demo"


def test_what_people_do_is_no_note_and_no_task_of_ours(company: Company):
    deal, lead = company.add_deal("Acme", "Lead"), company.add_lead("Bakery")
    company.add_quote(deal)
    company.call(lead)
    assert company.notes_on(deal) == []
    assert company.tasks_on_deal(deal) == []
    assert company.tasks_on_lead(lead) == []


def test_everything_that_people_do_is_told(company: Company, listener: Receiver):
    deal, lead = company.add_deal("Acme", "Lead"), company.add_lead("Bakery")
    company.send_webhooks_to(listener.url)

    def tells(act: Any) -> bool:
        before = len(listener.posts)
        act()
        return bool(wait_for(lambda: len(listener.posts) > before, "a webhook"))

    assert tells(lambda: company.add_deal("Other", "Demo", owner=TOM))
    assert tells(lambda: company.move(deal, "Demo"))
    assert tells(lambda: company.fill(deal, amount="3"))
    assert tells(lambda: company.add_quote(deal))
    assert tells(lambda: company.add_lead("Garage", owner=TOM))
    assert tells(lambda: company.call(lead))
    assert tells(lambda: company.move_all([deal], "Negotiation"))


def test_deals_made_by_the_thousand_are_told_to_nobody(
    company: Company, listener: Receiver
):
    company.send_webhooks_to(listener.url)
    company.add_deals(3, "Lead")
    company.add_deal("Acme", "Lead")
    wait_for(lambda: listener.posts, "a webhook")
    assert len(listener.posts) == 1


class TestTexts:
    """Notes and tasks as Slagboom leaves them, asked of each CRM in its own words."""

    def test_of_hubspot(self, sandbox: Sandbox, control: Control):
        company = COMPANIES["hubspot"](sandbox.url)
        company.set_up()
        deal = company.add_deal("Acme", "Lead")
        on = {"object": "deals", "id": deal}
        note, task = {"hs_note_body": "<p>Why</p>"}, {"hs_task_subject": "Do it"}
        control.post("hubspot/log", kind="note", on=on, properties=note)
        control.post("hubspot/log", kind="task", on=on, properties=task)
        assert company.notes_on(deal) == ["<p>Why</p>"]
        assert company.tasks_on_deal(deal) == ["Do it"]

    @pytest.mark.parametrize("has_feeds", [True, False])
    def test_of_salesforce(
        self, sandbox: Sandbox, control: Control, *, has_feeds: bool
    ):
        company = COMPANIES["salesforce"](sandbox.url)
        company.set_up()
        control.post("salesforce/settings", feeds_enabled=has_feeds)
        deal = company.add_deal("Acme", "Lead")
        if has_feeds:
            control.post("salesforce/log", kind="post", on=deal, fields={"Body": "Why"})
        else:
            told = {"Description": "Why", "Status": "Completed"}
            control.post("salesforce/log", kind="task", on=deal, fields=told)
        todo = {"Subject": "Do it"}
        control.post("salesforce/log", kind="task", on=deal, fields=todo)
        assert company.notes_on(deal) == ["Why"]
        assert company.tasks_on_deal(deal) == ["Do it"]
