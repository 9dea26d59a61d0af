"""No condition and no document reads, runs or grows beyond its bounds."""

import subprocess
import sys
from pathlib import Path

import pytest

from rules.document import DocumentInvalid, compile_policy, parse
from tests.builders import NOW
from tests.rules.acme import ACME

HEAD = "version: 1\nprocess: p\nconnection: c\nstages: {lead: {}}\n"


def test_hostile_conditions_stay_within_a_process_of_little_memory_and_time():
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("hostile.py"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    words = ended.stdout.split()
    compiled, refused, megabytes = (int(words[place]) for place in (1, 3, 5))
    assert compiled >= 10
    assert refused >= 100
    assert megabytes < 200


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        HEAD + "title: " + "a" * 1_000_000,
        HEAD + "governs: '" + "(" * 500_000 + "'",
        HEAD + "checks: " + "[" * 50_000,
        HEAD + "checks: " + "{a: " * 50_000,
        HEAD + "a: &a [x, x]\n" + "".join(f"b{n}: *a\n" for n in range(40_000)),
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n"
            for n in range(12)
        ),
        "x: !!python/object/apply:os.system ['true']",
    ],
)
def test_a_hostile_document_is_refused(text: str):
    with pytest.raises(DocumentInvalid):
        parse(text)


@pytest.mark.parametrize(
    ("condition", "place", "words"),
    [
        ("amuont > 1", "5:11", "Did you mean “amount”?"),
        ("amount > 1 && metings >= 1", "5:25", "Did you mean “meetings”?"),
        ("amount = 1", "5:18", "Did you mean “==”?"),
        ("close_date > 5", "5:22", "does not go with"),
        ("amount", "5:11", "not yes or no"),
        ("__class__ > 1", "5:11", "no field that this policy knows"),
        ("(" * 400 + "1", "5:23", "More than 12 brackets"),
        ("amount > 1 && " * 72 + "true", "5:", "1000 characters"),
    ],
)
def test_a_condition_is_refused_at_publication_with_its_place(
    condition: str, place: str, words: str
):
    document = parse(f'{HEAD}governs: "{condition}"\n')
    with pytest.raises(DocumentInvalid) as invalid:
        compile_policy(document, ACME, published_on=NOW)
    [problem] = invalid.value.problems
    assert str(problem).startswith(place), problem
    assert words in problem.message
