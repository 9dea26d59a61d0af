"""English for what policies are about: their differences, and announcing them."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "change_added": "New: {what} ({power}).",
    "change_added_plain": "New: {what}.",
    "change_removed": "No longer: {what}.",
    "change_power": "{what} (was: {old}, now: {new}).",
    "change_content": "{what} (was: {before}).",
    "change_content_power": "{what} (was: {before}, {old}; now: {new}).",
    "change_unsaid": "Changed: {what}.",
    "power_off": "not checked",
    "power_observe": "only observed",
    "power_flag": "flagged",
    "power_enforce": "put back",
    "power_asleep": "not yet on",
    "power_awake": "on",
    "what_needed": "{stage} needs {field}",
    "what_gated": "{stage} needs {condition}",
    "what_skip": "no stage may be skipped",
    "what_back": "{the} may not go back to an earlier stage",
    "what_born_late": "{the} is created in a stage that it is ready for",
    "what_check": "we expect {condition}",
    "what_check_open": "we expect {condition}, as long as {the} is open",
    "what_allow": "{the} may go from {from} to {to}: {why}",
    "what_allow_when": "{the} may go from {from} to {to} with {condition}: {why}",
    "what_first": "{stage} is the first stage",
    "what_after": "{stage} comes after {before}",
    "what_beside": "{stage} can be entered from every stage",
    "what_follow_up": "{start}: {steps}",
    "start_created": "when {the} has just come in",
    "start_enters": "when {the} enters {stage}",
    "start_idle": "after {length} without contact",
    "start_unplanned": "after {length} without contact or a planned next step",
    "step_task": "the task “{task}”",
    "step_remind": "a reminder after {length}",
    "step_escalate": "the manager hears after {length}",
    "step_nothing": "nothing is asked",
    "what_of": "{what} (when {actors} did it)",
    "what_check_in": "we expect {condition} in {stages}",
    "what_convert_late": "the lead is converted as soon as there is {condition}",
    "what_convert_early": "the lead is not converted before there is {condition}",
    "what_auto_move": "{the} goes from {from} to {to} by itself with {condition}",
    "actor_person": "a person",
    "actor_workflow": "a workflow",
    "actor_integration": "an integration",
    "actor_import": "an import",
    "actor_agent": "an agent",
    "actor_ourselves": "Slagboom",
    "actor_unknown": "somebody unknown",
    "set_returns_per_day": "put back at most {value} times a day",
    "set_hold_keep": "a wanted move is remembered for {value}",
    "set_exemption_longest": "an exemption lasts {value} at the most",
    "set_exemptions_recur": "advice for a second process after {value} exemptions",
    "set_title": "the process is called “{value}”",
    "set_kind": "the process is about {value}",
    "set_pipeline": "the process is for the pipeline {value}",
    "set_since": "it holds for what was created from {value}",
    "set_locale": "the language is {value}",
    "set_calendar": "working time is {value}",
    "set_sponsor": "{value} answers for the process",
    "set_fallback": "{value} hears when nobody else can be told",
    "set_governs": "the process is only for {the} with {value}",
    "set_goals": "the goals are: {value}",
    "set_other": "the part “{name}” of the process",
    "unit_s": "second|seconds",
    "unit_m": "minute|minutes",
    "unit_h": "hour|hours",
    "unit_d": "day|days",
    "unit_wh": "working hour|working hours",
    "unit_wd": "working day|working days",
    "announce_subject": "{process}: what changes from {day}",
    "announce_what": (
        "We agreed on the process {process} anew. From {moment} this holds:"
    ),
    "announce_nothing": (
        "We agreed on the process {process} anew, from {moment}. In your work nothing"
        " changes: for now we only look."
    ),
    "announce_why": "Why: {goals}",
    "announce_do": "Until then nothing changes. Questions? Talk to {sponsor}.",
    "announce_do_nobody": "Until then nothing changes. Questions? Ask your manager.",
    "announce_more": "and {count} more",
    "withdrawn_subject": "{process}: nothing changes for now",
    "withdrawn": (
        "What we told you of the process {process} does not come into force. What"
        " holds now goes on to hold."
    ),
    "version_current": "Version {number}, in force since {moment}",
    "version_retired": "Version {number}, in force from {moment}",
    "version_pending": "Version {number}, announced: in force from {moment}",
    "version_withdrawn": "Version {number}, withdrawn before it was in force",
    "version_by": "{version}. {author}: {note}",
    "explain_stands": "Where it stands:",
    "explain_happens": "What would happen when it goes to {to}:",
    "explain_in": "{name} is in {stage}, in the process {process}.",
    "explain_in_since": (
        "{name} is in {stage} since {moment}, in the process {process}."
    ),
    "explain_paused": "Slagboom is paused here: it only looks.",
    "explain_against": "Stands against the policy: {what}",
    "explain_held": (
        "Somebody wanted it in {stage}. Slagboom moves it once this is done:"
    ),
    "explain_clock": "Follow-up: {what}. Next look: {moment}.",
    "explain_exempt": "Exempt until {moment} from: {what}.",
    "explain_exempt_all": "Exempt until {moment} from everything.",
    "explain_nowhere": (
        "{name} is in no pipeline that a policy in force speaks of. Slagboom leaves it"
        " alone."
    ),
    "outlook_ungoverned": "Nothing: the process {process} leaves it alone.",
    "outlook_passes": "Nothing stands in the way of going to {to}.",
    "outlook_observed": "It would stay in {to}. Slagboom would only take note.",
    "outlook_flagged": "It would stay in {to}, with a note and a task.",
    "outlook_returned": "Slagboom would put {the} back in {stage}.",
    "outlook_held": (
        "Slagboom would put {the} back in {stage}, and move it to {to} by itself as"
        " soon as the missing thing is there."
    ),
    "would_skip": "From {from} straight to {to} skips: {skipped}.",
    "would_go_back": "{to} lies before {from}.",
}
