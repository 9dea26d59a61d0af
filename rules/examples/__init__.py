"""Examples: records, changes and what a policy must make of them.

A file beside the policy, judged by the same judge as everything else:

    today: 2026-12-01
    examples:
      - name: A jump over the demo goes back
        before: {stage: lead}
        after: {stage: quote_sent, amount: 5000, close_date: 2026-12-24}
        evidence: {quotes: 1}
        expect: {move.skip: fail, return_to: lead}

Stages are meant by the policy's names. `before` is left out for a record that has just
been created; `stands` instead of both is a record that nobody changed, judged by what
time makes false. Fields that `before` does not name are as in `after`. Beside these
stand, if they matter, `today` or `now` (also for the whole file), `actor` (a person if
left out), the `path` of stages that it went through, what it is `exempt` from,
`returns_today`, the stage to which it was `wanted` before, and by field where else its
text stands: in how many `others` of the same author, in which `share` of all.

Under `expect` stand the verdicts (pass, fail, skip; none: it says nothing) of the rules
that matter, and what is to be done: `return_to` and `hold` (a stage, or null),
`restore` (fields and values), `ask` (the rules that the task lists), `explain` (texts
that the note has, also by language), and `wanted` (met, waits, moved, expired or void).
"""

from rules.examples.judging import ExampleResult, run_examples

__all__ = ["ExampleResult", "run_examples"]
