"""The first page: set-up, what happened, and how it runs."""

import re
from datetime import timedelta

import pytest

from connector.web.words import WORDS
from connector.web.words.en import ENGLISH
from rules.model import Actor, ActorClass, FieldName, Kind, Noun
from tests.builders import a_change, a_policy
from tests.web.kit import PAGE_KEY, Day, a_usual_day

NL = {"Accept-Language": "nl-NL,nl;q=0.9,en;q=0.5"}


def page(client, path="/", **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def words(html):
    """Return what is read on a page, with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def part(html, name):
    """Return one part of the page."""
    return html.split(f'id="{name}"', 1)[1].split("data-part", 2)[1]


def test_an_empty_page_says_what_it_is_for_and_what_to_type_first(client):
    html = page(client)
    assert "slagboom connect hubspot acme --token-file token.txt" in html
    assert "0 of 8 done" in html
    assert "As soon as somebody moves a deal against the policy" in words(html)
    assert html.count('aria-current="step"') == 1


def test_the_set_up_list_ticks_itself_and_shows_the_next_command(house, client):
    acme = house.connect("acme")
    assert "slagboom probe acme" in page(client)
    with house.store.begin() as tx:
        line = {"what": "read", "is_ok": True, "message": ""}
        tx.connections.mark_probed(acme, {"lines": [line]}, at=house.clock.now())
    assert "slagboom import acme" in page(client)
    with house.store.begin() as tx:
        tx.connections.mark_imported(acme, at=house.clock.now())
    html = page(client)
    assert "http://127.0.0.1:8000/webhooks/hubspot/acme" in html
    assert "slagboom hubspot init hubspot --connection acme" in html
    assert "Set PUBLIC_URL" in words(html)
    with house.store.begin() as tx:
        tx.deliveries.add(acme, b"[]", house.clock.now())
    html = page(client)
    assert "slagboom policy publish policy.yaml" in html
    assert "4 of 8 done" in html


def test_a_step_names_the_account_that_lacks_it_and_all_once_it_is_done(house, client):
    for name in ("acme", "beta"):
        connected = house.connect(name)
    line = {"what": "read", "is_ok": True, "message": ""}
    with house.store.begin() as tx:
        acme = tx.connections.find("acme").id
        tx.connections.mark_probed(acme, {"lines": [line]}, at=house.clock.now())
    html = words(page(client))
    assert "Connect your CRM acme, beta Done" in html
    assert "Test the connection beta Next" in html
    with house.store.begin() as tx:
        tx.connections.mark_probed(connected, {"lines": [line]}, at=house.clock.now())
    assert "Test the connection acme, beta Done" in words(page(client))


def test_a_message_says_in_which_account_its_record_is(house, client):
    a_usual_day(house)
    message = page(client).split('id="message-')[1].split("</li>")[0]
    assert " · acme" in words(message)


def test_the_secret_of_an_address_is_left_for_the_reader_to_fill_in(public_house):
    house = public_house(page_key=PAGE_KEY, webhook_ending="/<webhook-secret>")
    acme = house.connect()
    with house.store.begin() as tx:
        line = {"what": "read", "is_ok": True, "message": ""}
        tx.connections.mark_probed(acme, {"lines": [line]}, at=house.clock.now())
        tx.connections.mark_imported(acme, at=house.clock.now())
    client = house.client(host="slagboom.example.com")
    client.post("/sign-in", data={"key": PAGE_KEY})
    html = page(client)
    assert "/webhooks/hubspot/acme/&lt;webhook-secret&gt;" in html
    assert "stands for the webhook secret" in words(html)


def test_only_what_put_something_back_is_marked_as_that(house, client):
    a_usual_day(house)
    events = page(client).split('<li class="event ')[1:]
    back = {words(one) for one in events if "back" in one.split('"')[0].split()}
    assert back
    assert [one for one in back if "put back" not in one.lower()] == []
    assert any('id="message-' in one for one in events)


@pytest.mark.parametrize("query", ["code=aPrx&state=s", "error=access_denied"])
def test_a_sign_in_at_a_crm_ends_at_a_page_that_says_where_to_paste(client, query):
    answer = client.get(f"/oauth/salesforce?{query}")
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    assert "paste it in the terminal" in words(html)
    assert "aPrx" not in html
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_happened_is_told_with_its_reason_and_its_ending(house, client):
    day = Day(house)
    jan = Actor(ActorClass.WORKFLOW, "Jan's flow")
    day.happens("Vermeer", a_change("lead", "demo", actor=jan), meetings=1)
    html = page(client)
    feed = words(html.split('id="feed"')[1])
    assert "Deal Vermeer" in feed
    assert "Lead → Demo, by a workflow (Jan&#39;s flow)" in feed
    assert "Skipped: Qualification" in feed
    assert "Put back to Lead" in feed
    assert 'href="https://crm.example.com/deals/1001"' in html
    assert '<time datetime="2026-12-01T12:00:00+00:00">' in html


def test_a_record_is_called_what_its_crm_calls_it(house, client):
    house.nouns = {Kind.DEAL: Noun.OPPORTUNITY}
    a_usual_day(house)
    for language in (None, NL):
        read = words(page(client, **(language or {})))
        assert "Opportunity" in read
        assert not re.search(r"\bDeal (?!\d)", read)


def test_all_endings_are_told(house, client):
    a_usual_day(house)
    told = words(page(client))
    for ending in (
        "moves to Demo by itself once all is there",
        "Former values put back",
        "Only observed; nothing was done",
        "a note says what is wrong",
        "The CRM did not take what we wrote : PROPERTY_LOCKED",
        "Reminder to jan@example.com: on its way",
    ):
        assert ending in told


def test_a_text_that_was_said_to_be_an_answer_is_told_and_its_end_too(house, client):
    now = house.clock.now()
    connection_id = house.connect()
    with house.store.begin() as tx:
        answer_id = tx.answers.allow(
            connection_id,
            FieldName("decision_maker"),
            text="Test <b>BV",
            said="testbbv",
            why="They are called that.",
            by="anna",
            now=now,
        )
        tx.answers.revoke(answer_id, by="bob", now=now)
    told = words(page(client).split('id="feed"')[1])
    assert "Test &lt;b&gt;BV" in told
    assert "anna said that this is an answer in decision maker" in told
    assert "They are called that." in told
    assert "bob took back that this is an answer in decision maker" in told
    dutch = words(page(client, **{"Accept-Language": "nl"}).split('id="feed"')[1])
    assert "anna zei dat dit een antwoord is bij decision maker" in dutch


def test_what_customers_write_stays_text(house, client):
    a_usual_day(house)
    html = page(client)
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_link_that_would_run_something_is_no_link(house, client):
    day = Day(house)
    change = a_change("lead", "demo")
    day.happens("Vermeer", change)
    with house.store.begin() as tx:
        tx._connection.exec_driver_sql(
            "UPDATE judgements SET change ="
            " jsonb_set(change, '{after,url}', '\"javascript:alert(1)\"')"
        )
    assert "javascript:" not in page(client)


def test_problems_come_first_with_their_remedy(house, client):
    day = Day(house)
    day.notices("Deal 17 keeps being moved by `Flow`.", times=3)
    with house.store.begin() as tx:
        tx.connections.pause(day.connection_id, at=house.clock.now())
        tx.deliveries.add(day.connection_id, b"[]", house.clock.now())
    house.clock.advance(timedelta(minutes=3))
    html = page(client)
    told = words(html)
    assert "4 things need you" in told
    assert "No worker runs" in told
    assert "Deliveries that wait to be read: 1." in told
    assert "<code>slagboom resume acme</code>" in html
    assert "moved by <code>Flow</code>" in html
    assert "3 times, lately" in told
    assert html.index('id="problems"') < html.index('id="setup"')
    assert "3 minutes" in told


def test_without_redis_the_page_says_what_that_means(without_redis):
    told = words(page(without_redis.client()))
    assert "Redis cannot be reached" in told
    assert "Hints to workers unknown" in told


def test_without_a_database_the_page_says_what_to_do(without_database):
    answer = without_database.client().get("/")
    assert answer.status_code == 503
    assert "slagboom doctor" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_it_speaks_the_language_that_the_browser_asks_for(house, client):
    a_usual_day(house)
    html = page(client, **NL)
    assert '<html lang="nl">' in html
    told = words(html)
    assert "Wat er gebeurde" in told
    assert "Teruggezet naar" in told
    assert "Overgeslagen" in told
    assert client.get("/", headers=NL).headers["Content-Language"] == "nl"


def test_the_language_can_be_chosen_on_the_page(client):
    assert '<html lang="nl">' in page(client, "/?lang=nl")
    assert '<html lang="en">' in page(client, "/?lang=en", **NL)
    assert 'data-live="/live?lang=nl"' in page(client, "/?lang=nl")


def test_the_living_parts_are_those_of_the_page(house, client):
    a_usual_day(house)
    parts = re.compile(r'id="([\w-]+)" (?:role="status" )?data-part')
    live = page(client, "/live")
    assert "<html" not in live
    assert sorted(parts.findall(live)) == sorted(parts.findall(page(client)))


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(house, client):
    a_usual_day(house)
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    html = answer.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]* src=)|<style|style=|\son\w+=", html)
    for address in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', html):
        with client.get(address) as found:
            assert found.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_that_does_not_exist_says_so(client):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_an_error_of_ours_is_told_without_its_inside(house, client):
    Day(house).happens("Vermeer", a_change("lead", "demo"))
    house.policy = None
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("language", [code for code in WORDS if code != "en"])
def test_every_language_says_everything_with_the_same_slots(language):
    slots = re.compile(r"\{\w+\}")
    other = WORDS[language]
    assert set(other) == set(ENGLISH)
    for key, text in ENGLISH.items():
        assert set(slots.findall(other[key])) == set(slots.findall(text)), key


def test_the_policy_of_the_tests_is_the_one_that_is_shown(house):
    assert house.policy == a_policy()
