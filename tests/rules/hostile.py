"""Run by a test in a process of its own, whose memory and time are limited.

Everything that somebody might write to read what they should not, to run forever or to
fill the memory is compiled, and evaluated where it compiles. Prints how many there were
of each kind.
"""

import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rules.expressions import ConditionInvalid, compile_condition
from rules.model import FieldName, FieldType

MEGABYTES = 1024
SECONDS = 20

TYPES = {
    FieldName("amount"): FieldType.NUMBER,
    FieldName("reason"): FieldType.TEXT,
    FieldName("day"): FieldType.DATE,
    FieldName("at"): FieldType.INSTANT,
    FieldName("is_new"): FieldType.BOOLEAN,
}
VALUES = (
    {"amount": 1.0, "reason": "a", "day": date(2026, 1, 1)},
    {"amount": float("nan"), "reason": "a" * 1_000_000, "day": date.max},
    {"amount": float("inf"), "reason": "\ud800", "day": date.min},
    {"amount": 10**400, "reason": "\x00", "at": datetime.max.replace(tzinfo=UTC)},
    {"amount": "1", "reason": 7, "day": "x", "at": None, "is_new": "true"},
    {},
)


def deep() -> Iterator[str]:
    """Yield what is nested or chained without an end."""
    for opened, closed in (("(", ")"), ("[", "]"), ("{", "}")):
        yield opened * 100_000 + "amount > 1" + closed * 100_000
        yield opened * 400 + "1" + closed * 400 + " == 1"
        yield opened * 12 + "amount" + closed * 12 + " > 1"
    for sign in ("!", "-", "!-", "- "):
        yield sign * 900 + "amount > 1"
    for joint in ("&&", "||", "+", "-", "*", "/", "==", "<", "in", "."):
        yield joint.join(["amount"] * 120)
        yield joint.join(["amount > 1"] * 80)
    yield "is_new ? " * 100 + "is_new" + " : is_new" * 100
    yield "reason" + ".contains(reason)" * 50
    yield "amount in [" + ",".join(["1"] * 450) + "]"
    yield "amount in [" + "[" * 11 + "1" + "]" * 11 + "]"


def huge() -> Iterator[str]:
    """Yield literals and texts that are too large."""
    yield "amount > " + "9" * 1_000_000
    yield "amount > " + "9" * 900
    yield "amount > 1e308 * 1e308"
    yield "amount > 1e999999999"
    yield "amount > 0.000000000000000000000000000000001e-400"
    yield 'reason == "' + "a" * 1_000_000 + '"'
    yield "amount > 1 " * 100_000
    yield " " * 1_000_000 + "amount > 1"
    yield "day > today + days(999999)"
    yield "day > today + days(99999999999999999999)"
    yield "amount * amount * amount * amount > 1e300 * amount"
    yield "amount / 0 > 1 || amount % 0 > 1"


def looping() -> Iterator[str]:
    """Yield what would go through lists, texts and names again and again."""
    numbers = "[1,2,3,4,5,6,7,8,9]"
    for word in ("all", "exists", "exists_one", "map", "filter"):
        inner = f"{numbers}.{word}(a, {numbers}.{word}(b, a > b))"
        yield f"{numbers}.{word}(a, a > 1)"
        yield f"{numbers}.{word}(a, {inner})"
        yield f"reason.{word}(a, true)"
    yield 'reason.matches("(a+)+$")'
    yield 'reason.matches("' + "(" * 200 + '")'
    yield 'reason.replace("", reason)'
    yield "reason.split('').join(reason)"
    yield "size(reason + reason + reason) > 1"
    yield "reason + reason == reason"


def reading() -> Iterator[str]:
    """Yield what would read something else than the record."""
    for name in (
        "__class__",
        "__import__",
        "amount.__class__",
        "reason.__class__.__mro__",
        "os.environ",
        "self",
        "record.owner",
        "v_amount",
        "e_amount",
        "amount[0]",
        "reason['x']",
        "type(amount)",
        "dyn(amount)",
        "has(amount.x)",
        "google.protobuf.Struct{}",
        "cel.bind(a, 1, a)",
        "optional.of(1)",
        "timestamp('2026-01-01T00:00:00Z')",
        "duration('1h')",
        "string(amount)",
        "{'a': amount}['a']",
        "b'bytes'",
        "r'raw'",
        "$amount",
        "@amount",
        "`amount`",
        "amount; amount",
        "amount # comment",
        "amount // comment",
        "\u202eamount",
        "amount\x00",
        "ａｍｏｕｎｔ",
    ):
        yield f"{name} == 1"
        yield name


def main() -> None:
    """Compile and evaluate everything, within the limits."""
    memory = MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    compiled = 0
    refused: list[ConditionInvalid] = []
    for text in (*deep(), *huge(), *looping(), *reading()):
        try:
            condition = compile_condition(text, TYPES)
        except ConditionInvalid as error:
            refused.append(error)
            continue
        assert condition.fields <= {*TYPES, "today", "now"}, text
        for values in VALUES:
            condition.evaluate(values)
        compiled += 1
    for one in refused:
        assert one.column >= 1, one
        assert str(one).endswith((".", "?")), one
    print(f"compiled {compiled} refused {len(refused)} megabytes {peak_megabytes()}")


def peak_megabytes() -> int:
    """Return the most memory that this program held.

    Not by `getrusage`, which counts what the process held that this one came from.
    """
    status = Path("/proc/self/status").read_text()
    [peak] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1]) // 1024


if __name__ == "__main__":
    main()
