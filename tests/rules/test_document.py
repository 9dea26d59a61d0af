from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.account import Account
from rules.document import DocumentInvalid, compile_policy, parse, schema
from rules.document.shape import DocumentShape
from rules.model import (
    ActorClass,
    Enforcement,
    EvidenceKind,
    FieldName,
    FieldType,
    Kind,
    Noun,
    RuleId,
    StageId,
)
from rules.policy import (
    Duration,
    OnFail,
    Policy,
    Recipient,
    SeenLimit,
    StartKind,
    StepKind,
    Unit,
)
from tests.rules.acme import ACME, EXAMPLE, SALES, a_stage, with_pipelines

PUBLISHED = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = """\
version: 1
process: new-business
connection: acme
pipeline: Sales Pipeline
"""


def compiled(text: str = EXAMPLE, account: Account | None = ACME) -> Policy:
    return compile_policy(parse(text), account, published_on=PUBLISHED)


def problems(text: str, account: Account | None = ACME) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        compiled(text, account)
    assert str(caught.value).splitlines() == [str(one) for one in caught.value.problems]
    return [str(one) for one in caught.value.problems]


def test_a_policy_calls_records_what_the_account_calls_them():
    nouns = {Kind.DEAL: Noun.OPPORTUNITY}
    assert compiled(account=replace(ACME, nouns=nouns)).nouns == nouns
    assert compiled().nouns == compiled(account=None).nouns == {}


def only(text: str, account: Account | None = ACME) -> str:
    found = problems(text, account)
    assert len(found) == 1, found
    return found[0]


def test_the_example_becomes_a_policy():
    policy = compiled()
    assert policy.process == "new-business"
    assert policy.kind is Kind.DEAL
    assert policy.pipeline == "default"
    assert policy.locale == "nl"
    assert policy.since == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert policy.fallback == "sales-ops@example.com"
    assert policy.messages_per_day == 12
    assert policy.seen_limit == SeenLimit(Duration(4, Unit.WORKING_HOURS), 3)
    assert list(policy.goals) == ["forecast", "follow-up"]
    assert [
        (one.key, one.id, one.position, one.is_closed) for one in policy.stages
    ] == [
        ("lead", "1", 0, False),
        ("qualification", "2", 1, False),
        ("demo", "3", 2, False),
        ("quote_sent", "4", 3, False),
        ("negotiation", "5", 4, False),
        ("won", "closedwon", 5, True),
        ("lost", "closedlost", None, True),
    ]


def test_a_stage_holds_only_what_it_requires_itself():
    quote_sent = compiled().stage(StageId("4"))
    assert quote_sent is not None
    assert quote_sent.requires == ("amount", "close_date")
    assert quote_sent.gate is not None
    assert quote_sent.gate.text == "quotes >= 1"
    assert quote_sent.enforcement is Enforcement.ENFORCE
    assert quote_sent.label == "Offerte verstuurd"


def test_rules_have_the_power_of_the_document_unless_they_say_otherwise():
    policy = compiled()
    assert policy.skip is not None
    assert policy.skip.id == "move.skip"
    assert policy.skip.enforcement is Enforcement.ENFORCE
    assert policy.stages[1].enforcement is Enforcement.OBSERVE
    by_id = {one.id: one for one in policy.checks}
    not_negative = by_id[RuleId("check.amount-not-negative")]
    ahead = by_id[RuleId("check.close-date-ahead")]
    assert (
        not_negative.enforcement,
        not_negative.on_fail,
        not_negative.while_open,
    ) == (
        Enforcement.ENFORCE,
        OnFail.RESTORE,
        False,
    )
    assert (ahead.enforcement, ahead.on_fail, ahead.while_open) == (
        Enforcement.OBSERVE,
        OnFail.FLAG,
        True,
    )


def test_follow_ups_have_their_starts_ends_and_ladders():
    by_name = {one.name: one for one in compiled().follow_ups}
    lead, quote, idle = (
        by_name[name] for name in ("call-new-lead", "call-after-quote", "idle")
    )
    assert lead.kind is Kind.LEAD
    assert lead.starts.kind is StartKind.CREATED
    assert lead.done_by == {EvidenceKind.CALLS, EvidenceKind.MEETINGS}
    assert lead.due == Duration(24, Unit.HOURS)
    assert [(step.kind, step.to) for step in lead.ladder] == [
        (StepKind.REMIND, Recipient.OWNER),
        (StepKind.ESCALATE, Recipient.MANAGER),
    ]
    assert quote.kind is Kind.DEAL
    assert quote.starts.stage == "4"
    assert quote.is_done_by_task
    assert quote.done_by == {EvidenceKind.CALLS}
    assert idle.starts.idle == Duration(7, Unit.DAYS)
    assert idle.while_open


def test_a_field_may_have_the_same_property_in_every_crm():
    own = HEAD + "fields: {day: contract_date}\nstages: {lead: {requires: [day]}}"
    assert compiled(own).fields["day"] == "contract_date"


def test_fields_come_from_the_document_then_the_vendor_then_the_account():
    policy = compiled()
    assert policy.fields["decision_maker"] == "beslisser"
    assert policy.fields["close_date"] == "closedate"
    assert policy.fields["contract_date"] == "contract_date"
    assert policy.labels["amount"] == "Bedrag"
    assert policy.fields.keys() == policy.types.keys()
    assert not {"stage", "pipeline", "owner", "currency"} & policy.fields.keys()


def test_what_the_crm_changes_with_the_stage_is_read_although_no_rule_speaks_of_it():
    assert compiled(HEAD + "stages: {lead: }").fields["probability"] == "hs_probability"


def test_a_close_date_is_a_day_also_where_the_crm_keeps_a_moment():
    assert compiled().types[FieldName("close_date")] is FieldType.DATE


def test_a_policy_without_a_since_begins_when_it_was_published():
    text = HEAD + "calendar: {timezone: Europe/Amsterdam}\nstages: {lead: }"
    assert compiled(text).since == PUBLISHED
    on_a_day = compile_policy(parse(text), ACME, published_on=date(2026, 7, 1))
    assert on_a_day.since == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_a_policy_can_be_looked_at_without_an_account():
    policy = compiled(account=None)
    assert policy.pipeline == "Sales Pipeline"
    assert [stage.id for stage in policy.stages][:2] == ["lead", "qualification"]
    assert [stage.key for stage in policy.stages if stage.is_closed] == ["won", "lost"]
    own = HEAD + "stages: {lead: {gate: 'vat_number != \"x\" && discount < 5'}}"
    assert {"vat_number", "discount"} <= compiled(own, None).fields.keys()


@pytest.mark.parametrize("name", ["OFFERTE verstuurd", "offerte_verstuurd", "4"])
def test_a_stage_is_named_by_label_or_id(name):
    policy = compiled(f"{HEAD}stages: {{x: {{label: {name}}}}}")
    assert policy.stages[0].id == "4"


def test_a_pipeline_need_not_be_named_if_there_is_only_one():
    text = HEAD.replace("pipeline: Sales Pipeline\n", "") + "stages: {lead: }"
    assert compiled(text).pipeline == "default"
    other = replace(SALES, id="2", label="Renewals")
    assert "Say which pipeline" in only(text, with_pipelines(SALES, other))


def test_all_problems_of_the_form_are_told_at_once():
    found = problems(
        HEAD
        + """\
sponser: anna@example.com
locale: xx
stages:
  lead: {gate: 3}
  won: {form: any}
permits: {}
follow_ups:
  call: {starts: {enters: lead}, lane: "top lane", due: 5}
"""
    )
    assert [one.split(":")[:2] for one in found] == [
        ["5", "1 sponser"],
        ["6", "9 locale"],
        ["8", "16 stages.lead.gate"],
        ["9", "9 stages.won.form"],
        ["10", "1 permits"],
        ["12", "34 follow_ups.call.lane"],
        ["12", "57 follow_ups.call.due"],
    ]
    assert "Did you mean “sponsor”?" in found[0]
    assert "Did you mean “from”?" in found[3]
    assert "not supported yet" in found[4]
    assert "not supported yet" in found[5]
    assert "Write the unit too" in found[6]


def test_an_unknown_key_does_not_hide_what_the_document_means():
    found = problems(HEAD + "stages: {lead: {goal: x}}\npermits: {}\n")
    assert len(found) == 2
    assert "not among the goals" in found[0]
    assert "“permits” is not supported yet" in found[1]


@pytest.mark.parametrize(
    "part",
    [
        "permits: []",
        "people: {managers: {a: b}}",
    ],
)
def test_what_is_not_carried_out_is_refused_and_never_ignored(part):
    assert "not supported yet" in only(f"{HEAD}stages: {{lead: , won: }}\n{part}\n")


@pytest.mark.parametrize(
    ("part", "at"),
    [
        ("enforcement: enforce\n", "6:14 enforcement"),
        ("moves: {skip: {enforcement: enforce}}\n", "6:29 moves.skip.enforcement"),
        (
            "follow_ups: {a: {starts: created, enforcement: enforce}}\n",
            "6:48 follow_ups.a.enforcement",
        ),
    ],
)
def test_nothing_is_enforced_without_somebody_who_answers_for_it(part, at):
    text = HEAD + "stages: {lead: }\n" + part
    found = only(text)
    assert found.startswith(at)
    assert "somebody has to answer for it" in found
    assert compiled("sponsor: anna@example.com\n" + text).sponsor == "anna@example.com"


def test_a_condition_is_blamed_where_it_is_wrong():
    text = HEAD + 'stages:\n  lead:\n    gate: "quotes >= 1 && amuont > 5"\n'
    found = only(text)
    assert found.startswith("7:27 stages.lead.gate: “amuont” is no field")
    assert "Did you mean “amount”?" in found


def test_a_condition_on_more_lines_is_blamed_as_a_whole():
    text = HEAD + "stages:\n  lead:\n    gate: |\n      quotes >= 1 &&\n      foo > 5\n"
    assert only(text).startswith("7:11 stages.lead.gate: ")


def test_a_condition_compares_what_can_be_compared():
    text = HEAD + "stages: {lead: }\nchecks: {a: {check: 'amount > \"x\"'}}\n"
    assert only(text).startswith("6:29 checks.a.check: > does not go with a number")


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("qualificatoin:", "Did you mean “Qualification”?"),
        ("handshake:", "is archived in the CRM"),
        ("nonsense:", "has no stage “nonsense”"),
        ("'1': ", "This is the stage “Lead”, and so is lead."),
    ],
)
def test_a_stage_that_cannot_be_meant_is_a_problem(stage, said):
    found = only(f"{HEAD}stages:\n  lead:\n  {stage}\n")
    assert found.startswith("7:3 stages.")
    assert said in found


def test_a_label_that_two_stages_have_is_a_problem():
    twins = replace(SALES, stages=(*SALES.stages, a_stage("10", "lead")))
    text = HEAD + "stages: {lead: }"
    found = only(text, with_pipelines(twins))
    assert "2 stages are called “lead”" in found
    assert "1, 10" in found
    by_id = compiled(HEAD + "stages: {lead: {label: 10}}", with_pipelines(twins))
    assert by_id.stages[0].id == "10"


def test_a_pipeline_that_the_account_lacks_is_a_problem():
    found = only(HEAD.replace("Sales", "Sale") + "stages: {lead: }")
    assert found.startswith("4:11 pipeline: ")
    assert "Did you mean “Sales Pipeline”?" in found


def test_an_account_without_such_records_is_a_problem():
    bare = replace(ACME, kinds={Kind.LEAD: ACME.kinds[Kind.LEAD]})
    assert "no records of kind deal" in only(HEAD + "stages: {lead: }", bare)


def test_a_field_that_the_account_lacks_is_a_problem():
    found = problems(
        HEAD
        + "fields: {budget: {hubspot: budgett}, vat: {salesforce: Vat__c}}\n"
        + "stages: {lead: {requires: [contract_dat, owner]}}\n"
    )
    assert [one.split(": ")[0] for one in found] == [
        "5:28 fields.budget.hubspot",
        "5:38 fields.vat",
        "6:28 stages.lead.requires[1]",
    ]
    assert "Did you mean “contract_date”?" in found[2]


@pytest.mark.parametrize(
    "part",
    [
        "holds: {keep: 0d}",
        "exemptions: {longest: 0h}",
        "parking: {longest: 0wd}",
        "people: {seen: {lasts: 0s}}",
    ],
)
def test_what_lasts_no_time_at_all_is_refused(part: str):
    assert "This is no time at all." in only(f"{HEAD}stages: {{lead: }}\n{part}")


def test_a_pipeline_keeps_the_name_that_the_document_gives_it():
    policy = compiled(f"{HEAD}stages: {{lead: }}")
    assert (policy.pipeline, policy.pipeline_name) == ("default", "Sales Pipeline")


def test_a_version_in_quotes_is_told_apart_from_the_version():
    quoted = HEAD.replace("version: 1", 'version: "1"')
    assert "Write 1 without quotes." in only(f"{quoted}stages: {{lead: }}")


def test_a_task_fills_in_only_what_there_is():
    text = (
        HEAD
        + "stages: {lead: }\nfollow_ups: {a: {starts: created, task: 'Call {nam}'}}"
    )
    assert "“nam” is no field" in only(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1 The document is empty."),
        ("- a", "1:1 A policy is written as keys"),
        ("*a", "1:1 *a repeats what is not there."),
        ("&a [*a]", "1:5 *a repeats what it is a part of."),
        ("a: !!python/object:os.system x", "1:4 Tags such as"),
        ("a: 1\na: 2", "2:1 a: This key stands here already, on line 1."),
        ("[" * 5000, "1:21 This lies more than 20 deep."),
        ("a: b: c", "1:5 This is no YAML"),
        ("a: 2026-02-30", "1:4 “2026-02-30” is no date"),
        ("--- a\n--- b", "2:1 One file holds one document."),
        ("<<: {a: b}", "1:1 Merging with << is not supported"),
        ("a: " + "x" * 200_000, "1:1 A document has at most"),
        ("a\x00b", "1:2 A character here may not stand in YAML."),
    ],
)
def test_hostile_and_broken_text_is_refused(text, said):
    with pytest.raises(DocumentInvalid) as caught:
        parse(text)
    assert str(caught.value).startswith(said)


def test_aliases_cannot_blow_a_document_up():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 12):
        repeated = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{repeated}]")
    with pytest.raises(DocumentInvalid, match="too many values"):
        parse("\n".join(lines))


@given(st.text())
def test_any_text_is_a_document_or_says_why_not(text):
    with pytest.raises(DocumentInvalid) as caught:
        parse(text)
    assert caught.value.problems


@given(st.sampled_from(range(len(EXAMPLE.splitlines()))))
def test_a_document_with_a_line_missing_never_ends_in_another_error(missing):
    lines = EXAMPLE.splitlines()
    text = "\n".join(lines[:missing] + lines[missing + 1 :])
    with suppress(DocumentInvalid):
        compiled(text)


def _objects(part: object) -> Iterator[dict[str, object]]:
    if isinstance(part, dict):
        if "properties" in part and "title" in part:
            yield part
        for value in part.values():
            yield from _objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from _objects(value)


def test_the_schema_describes_every_key():
    found = schema()
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    shapes = list(_objects(found))
    assert len(shapes) > 8
    for shape in shapes:
        for key, part in shape["properties"].items():
            assert part.get("description"), (shape["title"], key)


def test_the_schema_knows_the_keys_that_a_document_may_have():
    found = schema()
    assert found["properties"].keys() == {
        field.alias or name for name, field in DocumentShape.model_fields.items()
    }
    # Deals are not converted.
    assert parse(EXAMPLE).source.values.keys() == found["properties"].keys() - {
        "conversion"
    }
    assert found["additionalProperties"] is False
    assert {"version", "process", "connection", "stages"} == set(found["required"])


AUTO = HEAD + "stages: {lead: , qualification: , demo: , closedlost: {from: any}}\n"


def test_an_auto_move_leads_to_the_next_stage_when_something_has_happened():
    first, quote = compiled().auto_moves
    assert (first.id, first.from_stage, first.to_stage) == (
        "auto.first-contact",
        StageId("1"),
        StageId("2"),
    )
    assert first.when.text == "emails_sent >= 1"
    assert first.enforcement is Enforcement.OBSERVE
    assert quote.when.text == "quotes >= 1"
    assert quote.enforcement is Enforcement.ENFORCE


@pytest.mark.parametrize(
    ("move", "complaint"),
    [
        ("{when: 'quotes >= 1', from: lead, to: demo}", "does not follow right after"),
        ("{when: 'quotes >= 1', from: demo, to: lead}", "does not follow right after"),
        ("{when: 'quotes >= 1', from: demo, to: closedlost}", "lies beside the path"),
        ("{when: 'quotes >= 1', from: lead, to: dmo}", "Did you mean “demo”?"),
        ("{when: 'quots >= 1', from: lead, to: qualification}", "quotes"),
        ("{when: {}, from: lead, to: qualification}", "Write a condition"),
        (
            "{when: {activity: email, condition: quotes}, from: lead, to: demo}",
            "Write a condition",
        ),
        (
            "{when: {activity: call, direction: outgoing}, from: lead, to: demo}",
            "Only an email has a direction",
        ),
    ],
)
def test_an_auto_move_that_cannot_be_is_refused(move, complaint):
    assert complaint in only(f"{AUTO}auto_moves: {{a: {move}}}\n")


# Actors


def test_rules_may_name_whose_changes_they_speak_of():
    policy = compiled(
        HEAD
        + "stages: {Lead: , Demo: {requires: [amount], actors: [person, agent]}}\n"
        + "moves: {skip: {actors: [import]}, back: , returns_per_day: 7}\n"
        + "checks: {a: {check: amount > 0, actors: [integration, workflow]}}\n"
    )
    person, agent, imports = ActorClass.PERSON, ActorClass.AGENT, ActorClass.IMPORT
    assert policy.stages[1].actors == {person, agent}
    assert policy.skip is not None
    assert policy.skip.actors == {imports}
    assert policy.back is not None
    assert policy.back.actors == frozenset()
    assert policy.checks[0].actors == {ActorClass.INTEGRATION, ActorClass.WORKFLOW}
    assert policy.returns_per_day == 7
    assert policy.names_actors
    assert not compiled().names_actors


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("moves: {skip: {actors: [persn]}}", "Did you mean “person”?"),
        ("moves: {skip: {actors: person}}", "A list should stand here, not text."),
        ("moves: {returns_per_day: 0}", "at least 1 should stand here"),
        ("moves: {returns_per_day: 101}", "at most 100 can stand here"),
    ],
)
def test_what_cannot_be_said_of_actors_is_named(part, words):
    assert words in only(HEAD + "stages: {Lead: }\n" + part)


def test_a_check_may_be_for_some_stages():
    policy = compiled(
        HEAD
        + "stages: {Lead: , Demo: , won: {label: Closed won}}\n"
        + "checks: {a: {check: amount > 0, in: [Demo, won]}}\n"
    )
    assert policy.checks[0].stages == {StageId("3"), StageId("closedwon")}


def test_a_check_for_a_stage_that_is_not_there_is_refused():
    text = HEAD + "stages: {Lead: }\nchecks: {a: {check: amount > 0, in: [Leed]}}"
    assert "6:38 checks.a.in[1]: “Leed” is not among the policy's stages." in only(text)
    assert "Did you mean “Lead”?" in only(text)


LEADS = """\
version: 1
process: leads
connection: acme
record: lead
sponsor: anna@example.com
stages: {lead: , closedwon: }
enforcement: enforce
"""


def test_a_conversion_has_a_seed_and_never_more_power_than_a_flag():
    found = compiled(
        LEADS + "conversion: {seed: 'quotes >= 1', late: , early: {enforcement: off}}"
    ).conversion
    assert found is not None
    assert found.seed.text == "quotes >= 1"
    assert found.late is not None
    assert (found.late.id, found.late.enforcement) == (
        "conversion.late",
        Enforcement.FLAG,
    )
    assert found.early is not None
    assert found.early.enforcement is Enforcement.OFF


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{LEADS}conversion: {{seed: 'quotes >= 1'}}", "A seed alone"),
        (f"{LEADS}conversion: {{late: }}", "“seed” is missing"),
        (
            f"{LEADS}conversion: {{seed: 'quotes >= 1', late: {{goal: x}}}}",
            "not among the goals",
        ),
        (
            f"{LEADS}conversion: {{seed: 'a', early: {{enforcement: enforce}}}}",
            "One of off, observe, flag should stand here",
        ),
        (
            f"{HEAD}stages: {{lead: }}\nconversion: {{seed: 'quotes >= 1', late: }}",
            "Only leads are converted",
        ),
        (
            LEADS.replace(", closedwon: ", "")
            + "conversion: {seed: 'quotes >= 1', late: }",
            "has a lead converted",
        ),
    ],
)
def test_a_conversion_that_cannot_be_is_refused(text, complaint):
    assert complaint in " ".join(problems(text))


def test_people_are_asked_for_from_a_stage_on():
    stage = compiled(
        f"{HEAD}stages: {{lead: , demo: {{contacts: 2, account_contacts: 1}}}}"
    ).stages[1]
    assert {kind: one.text for kind, one in stage.people.items()} == {
        EvidenceKind.CONTACTS: "contacts >= 2",
        EvidenceKind.ACCOUNT_CONTACTS: "account_contacts >= 1",
    }
    assert only(f"{HEAD}stages: {{lead: {{contacts: 0}}}}")


def test_a_follow_up_may_be_settled_by_a_condition():
    found = {one.name: one for one in compiled().follow_ups}["quote-in-five-days"]
    assert found.done_when is not None
    assert found.done_when.text == "quotes >= 1"


@pytest.mark.parametrize(
    ("follow_up", "complaint"),
    [
        ("{starts: {idle: 7d}, done_when: 'quotes >= 1'}", "Only contact ends"),
        ("{starts: created, record: lead, done_when: 'amount > 1'}", "for the lead"),
        ("{starts: created, done_when: 'amuont > 1'}", "Did you mean “amount”?"),
    ],
)
def test_a_condition_that_cannot_settle_a_follow_up_is_refused(follow_up, complaint):
    text = f"{HEAD}stages: {{lead: }}\nfollow_ups: {{a: {follow_up}}}"
    assert complaint in only(text)


def test_a_lane_has_a_condition_on_fields_and_a_factor():
    [lane] = compiled().lanes
    assert (lane.name, lane.when.text, lane.factor) == ("top", "amount >= 100000", 0.5)
    assert lane.never_in_digest


def test_a_person_has_ten_messages_a_day_unless_the_policy_says_otherwise():
    head = f"{HEAD}stages: {{lead: }}\n"
    assert compiled(head).messages_per_day == 10
    assert compiled(head + "people: {messages_per_day: 3}").messages_per_day == 3
    assert "people.messages_per_day" in only(head + "people: {messages_per_day: 0}")


@pytest.mark.parametrize(
    ("lane", "complaint"),
    [
        ("{when: 'quotes >= 1', factor: 0.5}", "A lane goes by fields only"),
        ("{when: 'amount >= 1', factor: 0}", "lanes.top.factor"),
        ("{when: 'amount >= 1', factor: 2}", "lanes.top.factor"),
        ("{when: 'amount >= 1'}", "“factor” is missing"),
    ],
)
def test_a_lane_that_cannot_be_is_refused(lane, complaint):
    assert complaint in only(f"{HEAD}stages: {{lead: }}\nlanes: {{top: {lane}}}")


# Placeholders


def test_a_policy_says_what_else_is_no_answer_and_what_is_one_after_all():
    found = compiled().placeholders
    assert (found.repeated, found.share) == (5, 0.3)
    assert found.allowed == {(None, "testbv")}
    assert not compiled(HEAD + "stages: {Lead: }").placeholders.counts


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("{repeated: 1}", "at least 2 should stand here"),
        ("{share: 30}", "Write a part of all as 1% to 100%, such as 30%."),
        ("{share: 101%}", "Write a part of all as 1% to 100%"),
        ("{allow: Test BV}", "A list should stand here, not text."),
        ("{alow: [x]}", "Did you mean “allow”?"),
    ],
)
def test_what_cannot_be_said_of_placeholders_is_named(part, words):
    assert words in only(HEAD + f"stages: {{Lead: }}\nplaceholders: {part}")


def test_a_follow_up_may_ask_for_a_next_step():
    starts = "{starts: {no_next_action: 2wd}}"
    text = f"{HEAD}stages: {{lead: }}\nfollow_ups: {{a: {starts}}}"
    [follow_up] = compiled(text).follow_ups
    assert follow_up.starts.kind is StartKind.IDLE
    assert follow_up.starts.asks_for_plan
    assert follow_up.starts.idle == Duration(2, Unit.WORKING_DAYS)
