import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expressions import ConditionInvalid, compile_condition
from rules.model import FieldName, FieldType

TYPES = {
    FieldName(name): kind
    for name, kind in {
        "amount": FieldType.NUMBER,
        "discount": FieldType.NUMBER,
        "close_date": FieldType.DATE,
        "contract_date": FieldType.DATE,
        "reason": FieldType.TEXT,
        "remark": FieldType.TEXT,
        "is_won": FieldType.BOOLEAN,
        "signed_at": FieldType.INSTANT,
        # What these mean in the language below does not matter.
        "type": FieldType.TEXT,
        "size": FieldType.NUMBER,
        "int": FieldType.NUMBER,
        "for": FieldType.NUMBER,
    }.items()
}

FILLED = {
    "amount": 1500.0,
    "close_date": date(2026, 12, 24),
    "reason": "Price",
    "is_won": True,
    "signed_at": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
    "type": "new",
    "size": 3.0,
    "int": 4.0,
    "for": 5.0,
    "quotes": 1.0,
    "meetings": 0.0,
    "today": date(2026, 11, 24),
    "now": datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
}


def decide(text: str, values=FILLED) -> bool | frozenset[str]:
    """Return true, false, or the names that keep it from being decided."""
    decision = compile_condition(text, TYPES).evaluate(values)
    assert not (decision.is_true and decision.is_false)
    if decision.is_true or decision.is_false:
        assert decision.undecided == frozenset()
        return decision.is_true
    return decision.undecided


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount > 0", True),
        ("amount >= 1500.0 && amount <= 1500", True),
        ("amount == 1500", True),
        ("amount != 1500", False),
        ("-amount < .5", True),
        ("amount * 2 - 1000 == 2e3", True),
        ("amount in [1, 1500]", True),
        ("quotes >= 1", True),
        ("meetings >= 1", False),
        ("quotes + meetings == 1", True),
        ("is_won", True),
        ("!is_won", False),
        ("is_won == false || quotes > 0", True),
        ("is_won ? amount > 2000 : amount > 0", False),
        ('reason == "Price"', True),
        ("reason in ['Price', 'Timing']", True),
        ('reason.contains("ric")', True),
        ('reason.startsWith("P") && reason.endsWith("x")', False),
        ("size(reason) == 5", True),
        ("close_date >= today", True),
        ('close_date >= "2026-12-25"', False),
        ('"2026-12-24" == close_date', True),
        ("close_date <= today + days(30)", True),
        ("close_date - today == days(31)", False),
        ("signed_at < now", True),
        ("(amount > 1 && (quotes > 5 || is_won))", True),
        ("amount > 1\n  && quotes > 0", True),
        ('type == "new" && size == 3 && int == 4 && for == 5', True),
        ("today == today", True),
    ],
)
def test_a_condition_reads_the_record_the_evidence_and_the_time(text, expected):
    assert decide(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("discount > 0", {"discount"}),
        ("discount == 0", {"discount"}),
        ("discount != 0", {"discount"}),
        ("!(discount > 0)", {"discount"}),
        ("amount + discount > 0", {"discount"}),
        ("contract_date > close_date", {"contract_date"}),
        ('remark == "x"', {"remark"}),
        ("calls >= 1", {"calls"}),
        ("discount > 0 && quotes >= 1", {"discount"}),
        ("quotes >= 1 && discount > 0 && calls > 0", {"discount", "calls"}),
        ("discount > 0 || quotes > 7", {"discount"}),
        ("discount > 0 ? true : false", {"discount"}),
        ("discount in [1, 2]", {"discount"}),
        ("amount in [discount]", {"discount"}),
    ],
)
def test_an_empty_name_leaves_a_condition_undecided(text, expected):
    assert decide(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("discount > 0 || amount > 0", True),
        ("amount > 0 || discount > 0", True),
        ("discount > 0 && amount < 0", False),
        ("amount < 0 && discount > 0", False),
        ("is_won ? amount > 0 : discount > 0", True),
        ("discount == null", True),
        ("discount != null", False),
        ("null == discount", True),
        ("amount != null", True),
        ("remark == null", True),
        ("contract_date == null && close_date != null", True),
        ("calls == null", True),
        ("discount == null || discount < 10", True),
        ("discount != null && discount > 10", False),
        ("!(discount == null)", False),
    ],
)
def test_what_holds_whatever_the_empty_name_becomes_is_decided(text, expected):
    assert decide(text) is expected


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("amount > 0", "amount", "many"),
        ("amount > 0", "amount", True),
        ("amount > 0", "amount", float("nan")),
        ("amount > 0", "amount", 10**400),
        ("reason == 'x'", "reason", 5.0),
        ("reason == 'x'", "reason", " \n"),
        ("close_date > today", "close_date", "2026-01-01"),
        ("close_date > today", "close_date", datetime(2026, 1, 1, tzinfo=UTC)),
        ("signed_at < now", "signed_at", date(2026, 1, 1)),
        ("signed_at < now", "signed_at", datetime(2026, 1, 1)),
        ("is_won", "is_won", "true"),
    ],
)
def test_a_value_of_another_type_is_as_good_as_empty(text, name, value):
    assert decide(text, {**FILLED, name: value}) == {name}


def test_what_cannot_be_worked_out_is_undecided_although_nothing_is_empty():
    days = {**FILLED, "close_date": date(9999, 12, 31)}
    product = "close_date * close_date * close_date * close_date * close_date > today"
    assert decide(product, days) == frozenset()


def test_a_blank_text_is_empty():
    assert decide("reason == null", {**FILLED, "reason": "  "}) is True


def test_half_a_character_is_compared_as_a_question_mark():
    assert decide('reason == "a?"', {"reason": "a\ud83d"}) is True


def test_a_condition_says_what_it_reads():
    condition = compile_condition(
        'amount > 0 && discount == null || close_date < today && "now" != reason',
        TYPES,
    )
    assert condition.fields == {
        *("amount", "discount", "close_date", "today", "reason")
    }


def test_conditions_with_the_same_text_are_equal():
    one, same, other = (
        compile_condition(text, TYPES)
        for text in ("amount > 0", "amount > 0", "amount > 1")
    )
    assert one == same != other
    assert len({one, same, other}) == 2


# Refusals


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("amuont > 0", 1, "amount"),
        ("quotes > 0 && amuont > 0", 15, "amount"),
        ("is_won &&\n  qoutes > 0", 13, "quotes"),
        ("zzz > 0", 1, None),
        ("amount = 3", 8, "=="),
        ("is_won and quotes > 1", 8, "&&"),
        ("is_won OR is_won", 8, "||"),
        ("not is_won", 1, "!"),
        ("not (is_won)", 1, "!"),
        ("is_won & is_won", 8, "&&"),
        ("is_won == True", 11, "true"),
        ("amount == None", 11, "null"),
        ('reason.startswith("x")', 7, "startsWith"),
        ("amount >", 9, None),
        ("(amount > 1", 12, None),
        ("amount > 1)", 11, None),
        ("amount 5", 8, None),
        ('reason == "abc', 11, None),
        ('reason == "a\\nb"', 11, None),
        ("amount > 5k", 11, None),
        ("amount > 1e999", 10, None),
        ("amount == 0 § 1", 13, None),
    ],
)
def test_a_slip_is_refused_where_it_stands(text, column, suggestion):
    with pytest.raises(ConditionInvalid) as caught:
        compile_condition(text, TYPES)
    assert caught.value.column == column
    assert caught.value.suggestion == suggestion
    assert str(caught.value).startswith(caught.value.message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("amount", "gives a number, not yes or no"),
        ("amount + 1", "gives a number"),
        ("signed_at", "gives a moment"),
        ("today", "gives a day"),
        ('amount > "x"', "a number and text"),
        ("amount == is_won", "a number and yes or no"),
        ("close_date >= 5", "a day and a number"),
        ("today > close_date + 5", "days"),
        ("signed_at > today", "a moment and a day"),
        ('close_date > "soon"', "a day and text"),
        ('close_date > "2026-02-30"', "no day 2026-02-30"),
        ("today > today + days(1.5)", "whole number"),
        ("1 < amount < 5", "yes or no and a number"),
        ("amount > null", "null can only"),
        ("null == null", "null can only"),
        ("amount == null == is_won", "null can only"),
        ("is_won == (null)", "null can only"),
        ("true == null", "null can only"),
        ("amount + discount == null", "null can only"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_in_plain_words(text, message):
    with pytest.raises(ConditionInvalid, match=message):
        compile_condition(text, TYPES)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2].all(x, x > 1)",
        "[1, 2].map(x, x).size() > 1",
        "[1].exists(all, true)",
        'reason.matches("(a+)+$")',
        "timestamp(reason) > now",
        "type(amount) == double",
        "dyn(amount) == 1",
        "has(reason.x)",
        '{"a": amount}["a"] > 1',
        "v_amount > 0",
        "e_amount",
        "[amount][0] > 1",
        "__import__('os')",
        "amount.__class__ == 1",
        "b'x' == b'x'",
        'r"x" == reason',
        "1u < 2u",
        "0x10 > 1",
        "is_won // a remark",
        "cel.bind(x, amount, x > 1)",
        "x" * 1001,
        "(" * 13 + "is_won" + ")" * 13,
        "reason == 'a\x00'",
    ],
)
def test_nothing_but_the_small_language_gets_through(text):
    with pytest.raises(ConditionInvalid):
        compile_condition(text, TYPES)


@pytest.mark.parametrize(
    "text",
    [
        "!" * 994 + "is_won",
        "-" * 990 + "amount > 0",
        "is_won || " * 99 + "is_won",
        "is_won ? " * 99 + "true" + " : true" * 12,
        "is_won == " * 99 + "is_won",
        "(" * 12 + "is_won" + ")" * 12,
        "[" * 12 + "]" * 12 + " == 1",
        "reason + " * 110 + "reason == '1'",
    ],
)
def test_the_longest_conditions_are_judged_or_refused(text):
    with contextlib.suppress(ConditionInvalid):
        compile_condition(text, TYPES).evaluate({**FILLED, "reason": "x" * 60_000})


# Properties

names = st.sampled_from(["amount", "discount", "close_date", "reason", "is_won", "now"])
words = names | st.sampled_from(
    [
        *("null", "true", "in", "size", "days", "1", "0.5", '"a"', '"2026-01-01"', "?"),
        *(":", "==", "!=", ">", "<=", "&&", "||", "!", "+", "-", "*", "/", "(", ")"),
        *("[", "]", ",", ".", "contains", "all", "x", " "),
    ]
)
values = st.none() | st.booleans() | st.floats() | st.text() | st.dates()
values |= st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.integers()


@given(st.lists(words, max_size=12).map(" ".join), st.dictionaries(names, values))
def test_any_text_is_refused_or_judges_any_values(text, found):
    try:
        condition = compile_condition(text, TYPES)
    except ConditionInvalid as refused:
        column = refused.column
    else:
        column = 1
        condition.evaluate(found)
    assert 1 <= column <= len(text) + 1


@given(st.text(max_size=60), st.dictionaries(names, values))
def test_any_characters_are_refused_or_judge_any_values(text, found):
    with contextlib.suppress(ConditionInvalid):
        compile_condition(text, TYPES).evaluate(found)


numbers = st.integers(-2, 2).map(float)
parts = st.sampled_from(
    ["amount > 0", "discount > 0", "amount == null", "discount != null", "amount == 1"]
)
conditions = st.recursive(
    parts,
    lambda inner: (
        inner.map(lambda one: f"!({one})")
        | st.tuples(inner, inner).map(" && ".join).map("({})".format)
        | st.tuples(inner, inner).map(" || ".join).map("({})".format)
    ),
    max_leaves=6,
)


@given(conditions, st.none() | numbers, st.none() | numbers, numbers, numbers)
def test_a_decision_stays_when_what_was_empty_and_not_asked_for_is_filled(
    text, amount, discount, later_amount, later_discount
):
    condition = compile_condition(text, TYPES)
    before = condition.evaluate({"amount": amount, "discount": discount})
    if "null" in text or before.undecided:
        return
    amount = later_amount if amount is None else amount
    discount = later_discount if discount is None else discount
    assert condition.evaluate({"amount": amount, "discount": discount}) == before


@given(conditions, numbers, numbers)
def test_with_everything_filled_there_is_always_a_decision(text, amount, discount):
    decision = compile_condition(text, TYPES).evaluate(
        {"amount": amount, "discount": discount}
    )
    expected = eval(  # noqa: S307 - the texts above, said in Python
        text.replace("&&", " and ")
        .replace("||", " or ")
        .replace("!(", " not (")
        .replace("null", "None"),
        {"amount": amount, "discount": discount},
    )
    assert decision.is_true is expected
    assert decision.is_false is not expected


operands = st.sampled_from(["amount", "discount", "2", "0.1", "quotes", "1e30"])
days = st.sampled_from(["close_date", "today", "contract_date"])
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
floats = st.none() | st.floats() | numbers


@given(
    st.tuples(operands, signs, operands) | st.tuples(days, signs, days),
    st.fixed_dictionaries(
        {"amount": floats, "discount": floats, "quotes": floats}
        | dict.fromkeys(
            ["close_date", "today", "contract_date"],
            st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        )
    ),
)
def test_brackets_around_a_comparison_change_nothing(parts, found):
    plain = " ".join(parts)
    bracketed = f"({plain})"
    assert decide(plain, found) == decide(bracketed, found)
