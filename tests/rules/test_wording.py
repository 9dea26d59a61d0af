import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from rules.interventions import NO_PLAN, Occasion, plan
from rules.judge import judge
from rules.ladder import DoneHow, EndedWhy
from rules.model import (
    STAGE,
    Actor,
    ActorClass,
    Change,
    Enforcement,
    EvidenceKind,
    FieldName,
    Judgement,
    Kind,
    Noun,
    Reason,
    ReasonCode,
    RecordId,
    RecordRef,
    TextUse,
)
from rules.policy import (
    OnFail,
    Placeholders,
    Recipient,
    StartKind,
    Starts,
    Step,
    StepKind,
)
from rules.wording import (
    Ending,
    duel_alert,
    follow_up_task,
    note_html,
    nudge,
    reason_text,
    settled,
    task_text,
)
from rules.wording.conditions import condition_text
from rules.wording.speech import CATALOGUES, speak
from tests.builders import (
    NOW,
    a_change,
    a_check,
    a_duration,
    a_follow_up,
    a_policy,
    a_record,
    evidence_of,
    stage_id,
)

LACKING = a_change("demo", "quote_sent", fields={"decision_maker": "nvt"})
REMIND = Step(a_duration("24h"), StepKind.REMIND, Recipient.OWNER)
ESCALATE = Step(a_duration("48h"), StepKind.ESCALATE, Recipient.MANAGER)
IDLE = a_follow_up(
    "idle",
    starts=Starts(StartKind.IDLE, idle=a_duration("7d")),
    done_by=(),
    task=None,
    due=None,
)
ENTERS = a_follow_up(starts=Starts(StartKind.ENTERS, stage=stage_id("quote_sent")))


class Tags(HTMLParser):
    """Collects the tags and the text of a fragment."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, _attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data + "\n"


def note(
    change: Change = LACKING,
    ending: Ending = Ending.HELD,
    *,
    locale: str = "en",
    returns_today: int = 0,
    **changes,
) -> str:
    policy = a_policy(**changes.pop("policy", {}))
    judgement = judge(policy, change, evidence_of(), NOW)
    found = plan(policy, judgement, returns_today=returns_today)
    return note_html(policy, judgement, found, ending, locale=locale, **changes)


def task(change: Change = LACKING, ending: Ending = Ending.HELD, *, locale: str = "en"):
    policy = a_policy()
    judgement = judge(policy, change, evidence_of(), NOW)
    found = plan(policy, judgement)
    return task_text(policy, judgement, found, ending, locale=locale)


# The languages


def slots(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("part", ["nouns", "counts", "reasons", "to_do", "escalations"])
def test_both_languages_have_the_same_things_to_say(part):
    english, dutch = (getattr(CATALOGUES[one], part) for one in ("en", "nl"))
    assert english.keys() == dutch.keys()


def test_both_languages_fill_in_the_same_facts():
    english, dutch = CATALOGUES["en"], CATALOGUES["nl"]
    assert english.phrases.keys() == dutch.phrases.keys()
    for part in ("reasons", "to_do", "phrases"):
        ours, theirs = getattr(english, part), getattr(dutch, part)
        for key, sentence in ours.items():
            filler = {"kinds", "bare"}
            assert slots(sentence) - filler == slots(theirs[key]) - filler, key


def test_every_reason_has_a_sentence():
    assert CATALOGUES["en"].reasons.keys() == set(ReasonCode)
    assert CATALOGUES["en"].nouns.keys() == set(Noun)
    assert CATALOGUES["en"].counts.keys() == set(EvidenceKind)


@pytest.mark.parametrize(
    ("locale", "opportunity"), [("en", "This opportunity"), ("nl", "Deze opportunity")]
)
def test_a_record_is_called_what_its_crm_calls_it(locale, opportunity):
    skipping = a_change("lead", "demo")
    theirs = {"nouns": {Kind.DEAL: Noun.OPPORTUNITY}}
    said = note(skipping, Ending.RETURNED, locale=locale, policy=theirs)
    assert opportunity in said
    assert not re.search(r"\b([Tt]h(is|e)|[Dd]e(ze)?) deal\b", said)
    assert opportunity not in note(skipping, Ending.RETURNED, locale=locale)


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("nl", "nl"),
        ("nl-BE", "nl"),
        ("nl_NL", "nl"),
        ("en-GB", "en"),
        ("xx", "en"),
        ("", "en"),
        ("de", "en"),
        ("not a locale", "en"),
    ],
)
def test_an_unknown_locale_is_spoken_to_in_english(locale, language):
    assert speak(locale).words.language == language


# Reasons


@pytest.mark.parametrize(
    ("code", "facts", "english", "dutch"),
    [
        (
            ReasonCode.STAGES_SKIPPED,
            {"from": "Lead", "to": "Won", "skipped": "Demo, Offer"},
            "This deal went from Lead straight to Won. Skipped: Demo, Offer.",
            "Deze deal ging van Lead meteen door naar Won. Overgeslagen: Demo, Offer.",
        ),
        (
            ReasonCode.MOVED_BACK,
            {"from": "Won", "to": "Demo"},
            "This deal went back from Won to Demo.",
            "Deze deal ging terug van Won naar Demo.",
        ),
        (
            ReasonCode.BORN_LATE,
            {"stage": "Won", "furthest": "Demo"},
            (
                "This deal was created in Won. With what is known so far it belongs in"
                " Demo."
            ),
            (
                "Deze deal is aangemaakt in Won. Met wat we nu weten is Demo de juiste"
                " fase."
            ),
        ),
        (
            ReasonCode.FIELD_EMPTY,
            {"field": "close_date", "stage": "Won"},
            "Close date is empty, and Won needs it.",
            "Close date is nog leeg, en is nodig voor Won.",
        ),
        (
            ReasonCode.FIELD_PLACEHOLDER,
            {
                "field": "decision_maker",
                "stage": "Won",
                "value": "nvt",
                "why": "word",
                "language": "nl",
                "meaning": "not_applicable",
            },
            (
                "Decision maker says “nvt”: Dutch for “not applicable”. That is not an"
                " answer yet, and Won needs it."
            ),
            (
                "Bij Decision maker staat “nvt”: dat betekent “niet van toepassing”."
                " Dat is nog geen antwoord, en het is nodig voor Won."
            ),
        ),
        (
            ReasonCode.GATE_NOT_MET,
            {"stage": "Won", "condition": "contacts >= 2"},
            "Won needs at least 2 contacts, and that is not there yet.",
            "Voor Won is dit nodig: minstens 2 contactpersonen. Dat is er nog niet.",
        ),
        (
            ReasonCode.CHECK_FAILED,
            {
                "check": "check.x",
                "condition": "amount >= 0",
                "field": "amount",
                "old": 1234.5,
                "new": -5.0,
            },
            "Amount went from 1,234.5 to -5. What we agreed: Amount of 0 or more.",
            (
                "Amount ging van 1.234,5 naar -5. We hebben afgesproken: Amount van 0"
                " of meer."
            ),
        ),
        (
            ReasonCode.UNDECIDED,
            {"condition": "quotes >= 1", "field": "quotes"},
            "We could not check this, because Quotes is empty: at least 1 quote.",
            "Dit konden we niet nagaan, want Quotes is leeg: minstens 1 offerte.",
        ),
        (
            ReasonCode.ALLOWED,
            {"why": "Small deals need no quote"},
            "This step is allowed: Small deals need no quote",
            "Deze stap mag: Small deals need no quote",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_reason_is_a_plain_sentence(code, facts, english, dutch):
    reason = Reason(code, facts)
    assert reason_text(reason, a_policy(), "en") == english
    assert reason_text(reason, a_policy(), "nl") == dutch


@pytest.mark.parametrize(
    ("condition", "english", "dutch"),
    [
        ("quotes >= 1", "at least 1 quote", "minstens 1 offerte"),
        ("meetings > 1", "at least 2 meetings", "minstens 2 afspraken"),
        ("contacts == 2", "exactly 2 contacts", "precies 2 contactpersonen"),
        ("calls == 0", "no calls", "geen telefoongesprekken"),
        ("emails < 3", "at most 2 e-mails", "hoogstens 2 e-mails"),
        ("amount >= 1000", "Amount of 1,000 or more", "Amount van 1.000 of meer"),
        ("amount < 0.5", "Amount below 0.5", "Amount onder 0,5"),
        (
            "close_date >= today",
            "Close date on or after today",
            "Close date op of na vandaag",
        ),
        (
            "close_date > contract_date",
            "Close date after Contract date",
            "Close date na Contract date",
        ),
        ("lost_reason != null", "Lost reason filled in", "Lost reason ingevuld"),
        (
            'lost_reason == "price"',
            "Lost reason equal to “price”",
            "Lost reason gelijk aan “price”",
        ),
        (
            "quotes >= 1 && contacts >= 2",
            "at least 1 quote and at least 2 contacts",
            "minstens 1 offerte en minstens 2 contactpersonen",
        ),
        (
            "quotes >= 1 || calls >= 1",
            "at least 1 quote or at least 1 call",
            "minstens 1 offerte of minstens 1 telefoongesprek",
        ),
        ("amount * 2 > discount", "“amount * 2 > discount”", "“amount * 2 > discount”"),
        ("(quotes >= 1)", "“(quotes >= 1)”", "“(quotes >= 1)”"),
    ],
)
def test_a_condition_is_said_in_plain_words(condition, english, dutch):
    policy = a_policy()
    assert condition_text(policy, condition, speak("en")) == english
    assert condition_text(policy, condition, speak("nl")) == dutch


# Notes


def test_a_held_note_has_its_four_parts():
    html = note(link="https://crm.example.com/deals/1001")
    assert html == (
        "<p>Decision maker says “nvt”: Dutch for “not applicable”."
        " That is not an answer yet, and Qualification"
        " needs it. Amount is empty, and Quote sent needs it. Close date is empty, and"
        " Quote sent needs it. Quote sent needs at least 1 quote, and that is not there"
        " yet.</p>"
        "<p>Slagboom put the deal back in Demo.</p>"
        "<p><b>Why this matters:</b> We see where deals really stall.</p>"
        "<p><b>What to do:</b></p>"
        "<ul><li>Replace “nvt” in Decision maker with the real answer.</li>"
        "<li>Fill in Amount.</li><li>Fill in Close date.</li>"
        "<li>Still needed: at least 1 quote.</li></ul>"
        "<p>You need not move the deal again. As soon as this is there, Slagboom moves"
        " it to Quote sent for you.</p>"
        "<p>Is this an exception? Talk to anna@example.com.</p>"
        '<p><a href="https://crm.example.com/deals/1001">Open Acme renewal</a></p>'
    )


def test_a_held_note_in_dutch():
    text = Tags(note(locale="nl")).text
    assert "Slagboom heeft de deal teruggezet naar Demo." in text
    assert "Waarom dit ertoe doet:" in text
    assert "We zien waar deals echt vastlopen." in text
    assert "Nog nodig: minstens 1 offerte." in text
    assert (
        "Je hoeft de deal niet opnieuw te verplaatsen. Zodra dit er is, zet Slagboom de"
        " deal vanzelf in Quote sent." in text
    )
    assert "Is dit een uitzondering? Overleg met anna@example.com." in text


def test_values_that_went_back_are_shown_with_both_values():
    before = a_record("demo", fields={"amount": 9.0, "close_date": date(2026, 12, 20)})
    after = a_record("won", fields={"amount": 9.0, "close_date": date(2026, 11, 24)})
    html = note(a_change(before, after), Ending.RETURNED)
    assert "These values went back as well:" in html
    line = "Close date: from 24 November 2026 back to 20 December 2026"
    assert f"<li>{line}</li>" in html
    html = note(a_change(before, after), Ending.RETURNED, locale="nl")
    assert "van 24 november 2026 terug naar 20 december 2026" in html


def test_a_value_that_is_the_same_in_both_stages_is_not_said_to_have_gone_back():
    category = FieldName("forecast_category")
    stays = {category: "OMIT"}
    before, after = a_record("demo", fields=stays), a_record("won", fields=stays)
    assert "went back as well" not in note(a_change(before, after), Ending.RETURNED)


def test_a_value_from_a_list_is_called_as_people_know_it():
    category = FieldName("forecast_category")
    options = {category: {"BEST_CASE": "Best case", "OMIT": "Omitted"}}
    before = a_record("demo", fields={category: "BEST_CASE"})
    after = a_record("won", fields={category: "OMIT"})
    html = note(a_change(before, after), Ending.RETURNED, policy={"options": options})
    assert "Forecast category: from Omitted back to Best case" in html
    assert "OMIT" not in html


def test_what_was_undone_is_shown_with_both_values_and_for_whom():
    change = Change(
        before=a_record("lead", fields={"amount": 5.0}),
        after=a_record("demo", fields={"amount": -5.0}),
        actor=Actor(ActorClass.OURSELVES, "anna"),
    )
    undone = replace(
        NO_PLAN,
        put_back={STAGE: stage_id("demo"), FieldName("amount"): -5.0},
        occasion=Occasion.UNDO,
    )
    for locale, said in {
        "en": (
            "took back what it had done, since anna asked for it:",
            "Stage: from Lead back to Demo",
            "Amount: from 5 back to -5",
            "Nothing. What earlier notes say of the deal is over",
        ),
        "nl": (
            "teruggedraaid wat het had gedaan, omdat anna dat vroeg:",
            "Fase: van Lead terug naar Demo",
            "Amount: van 5 terug naar -5",
            "Niets. Wat eerdere notities over de deal zeggen, is voorbij",
        ),
    }.items():
        html = note_html(
            a_policy(), Judgement(change), undone, Ending.UNDONE, locale=locale
        )
        for one in said:
            assert one in html, locale


def test_a_restored_amount_is_said_in_its_currency():
    before = a_record("lead", fields={"amount": 1500.0, "currency": "EUR"})
    after = a_record("lead", fields={"amount": -5.0, "currency": "EUR"})
    html = note(a_change(before, after), Ending.RESTORED)
    assert "<li>Amount: from -€5.00 back to €1,500.00</li>" in html
    assert "What to do" not in html
    html = note(a_change(before, after), Ending.RESTORED, locale="nl")
    assert "terug naar €\xa01.500,00</li>" in html


def test_a_flag_says_that_nothing_was_changed():
    policy = {"checks": (a_check("amount", "amount >= 0", on_fail=OnFail.FLAG),)}
    after = a_record("lead", fields={"amount": -5.0})
    html = note(a_change("lead", after), Ending.FLAGGED, policy=policy)
    assert "Nothing was changed." in html
    assert "Correct Amount. What we agreed: Amount of 0 or more." in html
    assert "exception" not in html


def test_a_duel_says_why_it_now_stays():
    html = note(LACKING, Ending.FLAGGED, returns_today=3)
    assert "put the deal back several times today" in html


def test_a_refusal_repeats_the_crms_words_and_says_what_to_put_right():
    html = note(LACKING, Ending.REFUSED, refusal="Property <b>x</b> is required")
    assert "refused: “Property &lt;b&gt;x&lt;/b&gt; is required”" in html
    assert "Bring what is missing, or put the deal back in Demo." in html
    skipped = a_change("lead", "demo", fields={"decision_maker": "Jan de Vries"})
    assert "Put the deal back in Lead." in note(skipped, Ending.REFUSED)


def test_a_hold_that_was_carried_out_says_so_in_four_parts():
    policy = a_policy()
    judgement = judge(policy, LACKING, evidence_of(), NOW)
    html = note_html(
        *(policy, judgement, NO_PLAN, Ending.COMPLETED),
        locale="nl",
        link="https://crm.example",
    )
    assert "Slagboom heeft de deal van Demo naar Quote sent verplaatst" in html
    assert "We zien waar deals echt vastlopen." in html
    assert "Is er nog een taak over wat ontbrak, dan kun je die afsluiten." in html
    assert "Open Acme renewal" in html


def test_an_automation_is_named_and_a_person_is_not():
    workflow = Actor(ActorClass.WORKFLOW, name="Nightly clean-up")
    person = Actor(ActorClass.PERSON, name="Piet")
    by_workflow = a_change("demo", "lead", actor=workflow)
    assert "The change was made by a workflow (Nightly clean-up)." in note(
        by_workflow, Ending.RETURNED
    )
    assert "gedaan door een workflow (Nightly clean-up)." in note(
        by_workflow, Ending.RETURNED, locale="nl"
    )
    assert "Piet" not in note(a_change("demo", "lead", actor=person), Ending.RETURNED)


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("locale", ["en", "nl"])
def test_a_customers_text_is_never_markup(ending, locale):
    evil = "<script>alert(1)</script>{stage}"
    policy = {
        "labels": {"decision_maker": evil},
        "sponsor": evil,
        "goals": {"forecast": {"en": evil}},
    }
    change = a_change(
        a_record("demo", name=evil, fields={"decision_maker": "x"}),
        a_record("quote_sent", name=evil, fields={"decision_maker": "x"}),
        actor=Actor(ActorClass.INTEGRATION, name=evil),
    )
    html = note(
        change, ending, locale=locale, policy=policy, link="javascript:x", refusal=evil
    )
    assert set(Tags(html).tags) <= {"p", "b", "ul", "li", "a", "br"}
    assert "javascript" not in html


def test_a_slot_in_a_customers_text_stays_text():
    change = a_change(
        a_record("lead"), a_record("quote_sent", name="{the} {stage} {0}")
    )
    assert "Open {the} {stage} {0}" in note(
        change, Ending.RETURNED, link="https://example.com"
    )


# Tasks


def test_one_task_lists_everything_that_is_missing():
    found = task()
    assert found.subject == "Acme renewal: 4 things to put right"
    assert found.html.count("<li>") == 4
    assert task(locale="nl").subject == "Acme renewal: 4 dingen in orde maken"


def test_a_task_about_one_thing_names_it():
    change = a_change(
        "lead", "qualification", fields={"amount": 3.0, "decision_maker": None}
    )
    assert task(change).subject == "Acme renewal: Fill in Decision maker"
    assert task(change, locale="nl").subject == "Acme renewal: Vul Decision maker in"


def test_the_task_after_a_refusal_says_what_to_put_back():
    change = a_change("demo", "lead")
    assert task(change, Ending.REFUSED).subject == (
        "Acme renewal: Put the deal back in Demo"
    )


def test_a_task_with_nothing_to_do_in_it_says_what_happened():
    policy = a_policy()
    judgement = judge(policy, a_change("demo", "lead"), evidence_of(), NOW)
    asked = replace(NO_PLAN, ask=judgement.verdicts)
    text = task_text(policy, judgement, asked, Ending.FLAGGED, locale="en")
    assert text.subject == "Acme renewal: This deal went back from Demo to Lead"


def test_a_very_long_name_leaves_the_subject_short():
    change = a_change("demo", a_record("lost", name="x" * 5000))
    assert len(task(change).subject) <= 200


# Follow-ups


def test_a_follow_ups_task_carries_the_policys_words():
    record = a_record("lead", name="Bakkerij Jansen")
    found = follow_up_task(a_policy(), a_follow_up(), record, "nl")
    assert found.subject == "Bel Bakkerij Jansen"
    assert found.html == (
        "<p>Dit is klaar zodra er een afspraak of een telefoongesprek is"
        " vastgelegd.</p>"
        "<p><b>Waarom dit ertoe doet:</b> Geen deal wordt vergeten.</p>"
    )


def test_a_task_text_may_use_the_stage_and_fields():
    words = {"en": "Call {name} in {stage} about {amount} ({nothing})"}
    follow_up = a_follow_up(task=words)
    record = a_record("quote_sent", fields={"amount": 1500.0})
    found = follow_up_task(a_policy(), follow_up, record, "en")
    assert found.subject == "Call Acme renewal in Quote sent about 1,500 ()"


def test_a_task_that_is_ticked_off_says_so():
    by_task = a_follow_up(is_done_by_task=True, done_by=())
    found = follow_up_task(a_policy(), by_task, a_record(), "en")
    assert "as soon as this task is completed" in found.html


def said(follow_up, step, *, locale, person="Sanne", told_before=(), **changes):
    return nudge(
        a_policy(),
        follow_up,
        step,
        a_record("quote_sent", name="Bakkerij Jansen", **changes),
        person_name=person,
        started_at=NOW - timedelta(days=2),
        now=NOW,
        zone="Europe/Amsterdam",
        locale=locale,
        told_before=told_before,
    )


def test_a_reminder_speaks_to_the_owner():
    found = said(a_follow_up(), REMIND, locale="en")
    assert found.subject == "Reminder: Call Bakkerij Jansen"
    assert found.lines == (
        (
            "Bakkerij Jansen came in on Sunday 22 November at 13:00, 2 days ago. So far"
            " nobody has logged a meeting or a call."
        ),
        "No deal is forgotten.",
        (
            "To do: Call Bakkerij Jansen. Once it is logged, these reminders stop by"
            " themselves."
        ),
    )
    assert found.link_text == "Open Bakkerij Jansen"


def test_a_reminder_in_dutch():
    found = said(a_follow_up(), REMIND, locale="nl")
    assert found.subject == "Herinnering: Bel Bakkerij Jansen"
    assert found.lines == (
        (
            "Bakkerij Jansen kwam binnen op zondag 22 november om 13:00, 2 dagen"
            " geleden. Er is nog geen afspraak of telefoongesprek vastgelegd."
        ),
        "Geen deal wordt vergeten.",
        (
            "Te doen: Bel Bakkerij Jansen. Zodra het is vastgelegd, stoppen deze"
            " herinneringen vanzelf."
        ),
    )


def test_an_escalation_names_who_has_it():
    found = said(ENTERS, ESCALATE, locale="nl")
    assert found.subject == "Bakkerij Jansen heeft je aandacht nodig"
    assert found.lines == (
        (
            "Bakkerij Jansen staat sinds zondag 22 november om 13:00 in Quote sent, nu"
            " al 2 dagen. Er is nog geen afspraak of telefoongesprek vastgelegd."
        ),
        "Dit ligt bij Sanne.",
        "Geen deal wordt vergeten.",
        "Vraag Sanne wat er nodig is, of geef het aan iemand die tijd heeft.",
    )


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        (
            "en",
            (
                "It is with Sanne. Slagboom has told Marit and Dora before, and it is"
                " still open."
            ),
        ),
        (
            "nl",
            (
                "Dit ligt bij Sanne. Slagboom liet dit eerder weten aan Marit en Dora,"
                " en het ligt er nog."
            ),
        ),
    ],
)
def test_who_is_next_in_line_hears_who_was_told_before(locale, line):
    found = said(ENTERS, ESCALATE, locale=locale, told_before=["Marit", "Dora"])
    assert line in found.lines


def test_an_escalation_about_a_record_without_owner_asks_to_give_it_to_somebody():
    found = said(ENTERS, ESCALATE, locale="en", person="")
    assert "It has no owner at the moment." in found.lines
    assert found.lines[-1] == "Give it to somebody who has time."


def test_an_idle_record_has_gone_quiet():
    found = said(IDLE, REMIND, locale="en")
    assert found.subject == "Bakkerij Jansen is waiting for you"
    assert found.lines[0] == (
        "Bakkerij Jansen has gone quiet: no contact since Sunday 22 November at 13:00,"
        " 2 days ago."
    )
    assert said(IDLE, REMIND, locale="nl").lines[0] == (
        "Bakkerij Jansen ligt stil: sinds zondag 22 november om 13:00 geen contact"
        " meer, nu al 2 dagen."
    )


@pytest.mark.parametrize("ending", [*DoneHow, *EndedWhy])
@pytest.mark.parametrize("locale", ["en", "nl"])
def test_a_settled_matter_says_that_nothing_is_left_to_do(ending, locale):
    lead = a_record("lead", ref=RecordRef(Kind.LEAD, RecordId("4")), name="")
    found = settled(a_policy(), IDLE, lead, ending=ending, locale=locale)
    assert len(found.lines) == 1
    assert found.lines[0].startswith({"en": "This lead", "nl": "Deze lead"}[locale])
    assert found.link_text == {"en": "Open the lead", "nl": "Open de lead"}[locale]


def test_a_settled_reminder_keeps_its_task_in_the_subject():
    found = settled(
        a_policy(), a_follow_up(), a_record(), ending=DoneHow.CONTACT, locale="nl"
    )
    assert found.subject == "Geregeld: Bel Acme renewal"
    assert found.lines == (
        "Acme renewal is geregeld: er is contact geweest. Dank je wel.",
    )


@pytest.mark.parametrize(
    ("locale", "actor", "words"),
    [
        ("en", Actor(ActorClass.INTEGRATION, "Quotes"), "by an integration (Quotes)"),
        ("en", Actor(ActorClass.PERSON, "Robin"), "by Robin,"),
        ("en", Actor(ActorClass.PERSON, "CRM_UI"), "by a person,"),
        ("en", Actor(ActorClass.WORKFLOW, "FLOW 7"), "by a workflow (FLOW 7),"),
        ("en", Actor(ActorClass.UNKNOWN), "by somebody or something,"),
        ("nl", Actor(ActorClass.IMPORT), "door een import,"),
        ("nl", Actor(ActorClass.AGENT, "Breeze"), "door een AI-agent (Breeze)"),
    ],
)
def test_the_admin_hears_with_whom_slagboom_is_at_odds(locale, actor, words):
    record = a_record("demo")
    text = duel_alert(a_policy(returns_per_day=4), record, actor, locale)
    assert words in text
    assert "Acme renewal" in text
    assert " 4 " in text
    assert record.url in text


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "put it back 1 time in a day"), ("nl", "op één dag 1 keer teruggezet")],
)
def test_the_admin_hears_of_one_return_as_one(locale, words):
    policy = a_policy(returns_per_day=1)
    assert words in duel_alert(policy, a_record(), Actor(ActorClass.UNKNOWN), locale)


def test_a_choice_that_a_condition_names_is_said_as_the_crm_shows_it():
    policy = a_policy(
        options={FieldName("lost_reason"): {"price_too_high": "Price too high"}}
    )
    said = condition_text(policy, 'lost_reason == "price_too_high"', speak("en"))
    assert said == "Lost reason equal to “Price too high”"
    said = condition_text(policy, 'lost_reason == "other"', speak("en"))
    assert said == "Lost reason equal to “other”"


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Probability is 40. What we agreed for Won: Probability equal to 100."),
        (
            "nl",
            (
                "Probability is 40. We hebben afgesproken voor Won:"
                " Probability gelijk aan 100."
            ),
        ),
    ],
)
def test_a_check_for_a_stage_names_the_stage(locale, words):
    check = a_check("won", "probability == 100", stages=("won",))
    policy = a_policy(enforcement=Enforcement.FLAG, checks=(check,))
    change = a_change("negotiation", "won", fields={"probability": 40.0})
    judgement = judge(policy, change, evidence_of(), NOW)
    [verdict] = [one for one in judgement.failed() if one.rule == "check.won"]
    assert reason_text(verdict.reason, policy, locale) == words


@pytest.mark.parametrize(
    ("text", "english", "dutch"),
    [
        ("n/a", "that means “not applicable”", "Engels voor “niet van toepassing”"),
        ("unbekannt", "German for “unknown”", "Duits voor “onbekend”"),
        ("à définir", "French for “later”", "Frans voor “later”"),
        ("geen", "Dutch for “nothing”", "dat betekent “niets”"),
        ("test", "a word that only fills the field", "een woord dat alleen het veld"),
        ("Jan Modaal", "a name that belongs to nobody", "een naam die van niemand is"),
        ("voornaam", "what the field is called", "hoe het veld heet"),
        ("---", "only punctuation", "alleen leestekens"),
        ("xxx", "the same character again and again", "steeds hetzelfde teken"),
        ("asdf", "keys or characters in a row", "toetsen of tekens op een rij"),
        ("a@b.nl", "an address that nobody reads", "een adres dat niemand leest"),
    ],
)
def test_a_placeholder_is_told_with_the_list_or_shape_that_it_has(text, english, dutch):
    change = a_change("lead", "qualification", fields={"decision_maker": text})
    [verdict] = judge(a_policy(), change, evidence_of(), NOW).failed()
    assert english in reason_text(verdict.reason, a_policy(), "en")
    assert dutch in reason_text(verdict.reason, a_policy(), "nl")


def test_a_text_that_stands_in_many_records_is_told_with_their_number():
    policy = a_policy(placeholders=Placeholders(repeated=5, share=0.3))
    for use, english, dutch in (
        (
            TextUse("Reception", others=6),
            "the same author wrote this in 7 records",
            "dezelfde persoon schreef dit in 7 records",
        ),
        (
            TextUse("Reception", share=0.41),
            "41% of all records say this",
            "dit staat in 41% van alle records",
        ),
    ):
        name = FieldName("decision_maker")
        change = a_change("lead", "qualification", fields={name: "Reception"})
        evidence = replace(evidence_of(), uses={name: use})
        [verdict] = judge(policy, change, evidence, NOW).failed()
        assert english in reason_text(verdict.reason, policy, "en")
        assert dutch in reason_text(verdict.reason, policy, "nl").replace("\xa0", "")


def test_a_code_of_the_crm_says_nothing_to_a_rep():
    actor = Actor(ActorClass.WORKFLOW, "AUTOMATION_PLATFORM")
    text = note(a_change("demo", "lead", actor=actor), Ending.RETURNED)
    assert "The change was made by a workflow." in text
