"""English. Plain, short and kind; `{...}` is filled in, the rest is said as it is."""

from rules.model import EvidenceKind, Noun, ReasonCode
from rules.policy import StepKind
from rules.wording.catalogue import Catalogue, Count, NounForms
from rules.wording.en_policies import PHRASES
from rules.wording.en_storms import PHRASES as STORM_PHRASES

ENGLISH = Catalogue(
    language="en",
    nouns={
        Noun.DEAL: NounForms(this="This deal", the="the deal"),
        Noun.OPPORTUNITY: NounForms(this="This opportunity", the="the opportunity"),
        Noun.LEAD: NounForms(this="This lead", the="the lead"),
        Noun.CONTACT: NounForms(this="This contact", the="the contact"),
        Noun.COMPANY: NounForms(this="This company", the="the company"),
        Noun.ACCOUNT: NounForms(this="This account", the="the account"),
    },
    counts={
        EvidenceKind.QUOTES: Count("quote", "quotes", "a quote"),
        EvidenceKind.MEETINGS: Count("meeting", "meetings", "a meeting"),
        EvidenceKind.CALLS: Count("call", "calls", "a call"),
        EvidenceKind.EMAILS: Count("e-mail", "e-mails", "an e-mail"),
        EvidenceKind.EMAILS_SENT: Count(
            "sent e-mail", "sent e-mails", "an e-mail to the customer"
        ),
        EvidenceKind.TASKS: Count("open task", "open tasks", "an open task"),
        EvidenceKind.CONTACTS: Count("contact", "contacts", "a contact"),
        EvidenceKind.ACCOUNT_CONTACTS: Count(
            "contact at the account",
            "contacts at the account",
            "a contact at the account",
        ),
    },
    reasons={
        ReasonCode.FINE: "This is in order.",
        ReasonCode.NOT_APPLICABLE: "This rule does not apply here.",
        ReasonCode.STAGES_SKIPPED: (
            "{this} went from {from} straight to {to}. Skipped: {skipped}."
        ),
        ReasonCode.MOVED_BACK: "{this} went back from {from} to {to}.",
        ReasonCode.BORN_LATE: (
            "{this} was created in {stage}. With what is known so far it belongs in"
            " {furthest}."
        ),
        ReasonCode.ALLOWED: "This step is allowed: {why}",
        ReasonCode.FIELD_EMPTY: "{field} is empty, and {stage} needs it.",
        ReasonCode.FIELD_PLACEHOLDER: (
            "{field} says “{value}”: {because}. That is not an answer yet, and {stage}"
            " needs it."
        ),
        ReasonCode.GATE_NOT_MET: (
            "{stage} needs {condition}, and that is not there yet."
        ),
        ReasonCode.CHECK_FAILED: (
            "{field} went from {old} to {new}. What we agreed{for_stage}: {condition}."
        ),
        ReasonCode.CHECK_NOT_MET: (
            "{field} is {value}. What we agreed{for_stage}: {condition}."
        ),
        ReasonCode.UNDECIDED: (
            "We could not check this, because {field} is empty: {condition}."
        ),
        ReasonCode.EXEMPTED: "An exemption allows this for now.",
        ReasonCode.STAGE_UNKNOWN: (
            "The stage {stage} is not part of the agreed process, so nothing is checked"
            " there."
        ),
        ReasonCode.STAGE_BEHIND: (
            "{this} stood in {from}, and what {to} waits for is there: {condition}."
        ),
        ReasonCode.CONVERSION_DUE: (
            "What makes a lead an account is there: {condition}. {this} is not"
            " converted yet."
        ),
        ReasonCode.CONVERTED_EARLY: (
            "{this} went to {stage}, and what a conversion needs is not there:"
            " {condition}."
        ),
    },
    to_do={
        ReasonCode.STAGES_SKIPPED: "First go through: {skipped}.",
        ReasonCode.BORN_LATE: "Go on from {furthest}, one stage at a time.",
        ReasonCode.FIELD_EMPTY: "Fill in {field}.",
        ReasonCode.FIELD_PLACEHOLDER: (
            "Replace “{value}” in {field} with the real answer."
        ),
        ReasonCode.GATE_NOT_MET: "Still needed: {condition}.",
        ReasonCode.CHECK_FAILED: (
            "Correct {field}. What we agreed{for_stage}: {condition}."
        ),
        ReasonCode.CHECK_NOT_MET: (
            "Correct {field}. What we agreed{for_stage}: {condition}."
        ),
        ReasonCode.STAGE_BEHIND: "Move {the} to {to}.",
        ReasonCode.CONVERSION_DUE: "Convert {the} into an account with a contact.",
        ReasonCode.CONVERTED_EARLY: "Still needed: {condition}.",
    },
    escalations={
        StepKind.REMIND: "Once it is logged, these reminders stop by themselves.",
        StepKind.ESCALATE: (
            "Ask {person} what is needed, or give it to somebody who has time."
        ),
    },
    phrases={
        **PHRASES,
        **STORM_PHRASES,
        "set_back": "Slagboom put {the} back in {stage}.",
        "restored": "Slagboom put these values back:",
        "restored_too": "These values went back as well:",
        "restored_field": "{field}: from {new} back to {old}",
        "flagged": "Nothing was changed.",
        "duel": (
            "Slagboom has put {the} back several times today. It now stays as it is,"
            " because the change keeps coming back."
        ),
        "refused": (
            "Slagboom wanted to put this right, but the CRM refused: “{refusal}”"
        ),
        "refused_unexplained": (
            "Slagboom wanted to put this right, but the CRM refused."
        ),
        "held": (
            "You need not move {the} again. As soon as this is there, Slagboom moves it"
            " to {stage} for you."
        ),
        "completed": (
            "What was missing is there now. Slagboom moved {the} from {from} to {to},"
            " as you wanted."
        ),
        "completed_do": (
            "Nothing. If there is still a task about what was missing, you can close"
            " it."
        ),
        "moved_on": "Slagboom moved {the} from {from} to {to}.",
        "moved_on_undo": (
            "Nothing. If this is not right, move {the} back; Slagboom then leaves it"
            " there."
        ),
        "hold_expired": (
            "You wanted to move {the} from {from} to {to}. What it lacked has not come"
            " in time, so Slagboom waits for it no longer."
        ),
        "hold_void": (
            "You wanted to move {the} from {from} to {to}. The agreed process has"
            " changed since and does not have this move any more, so Slagboom waits"
            " for it no longer."
        ),
        "restored_stage": "Stage: from {new} back to {old}",
        "undone": "Slagboom took back what it had done, since {person} asked for it:",
        "undone_why": "How it stands now is accepted, and counts from here on.",
        "undone_do": (
            "Nothing. What earlier notes say of {the} is over; if there is a task about"
            " it, you can close that."
        ),
        "move_again": "Move {the} yourself if you still want it there.",
        "by_other": "The change was made by {name}.",
        "a_workflow": "a workflow",
        "a_integration": "an integration",
        "a_import": "an import",
        "a_agent": "an AI agent",
        "a_somebody": "somebody or something",
        "duel_alert": (
            "{name} keeps being changed by {who}, against the policy {policy}. Slagboom"
            " put it back {count} in a day, and now leaves it as it is."
        ),
        "duel_why": (
            "Two automations that undo each other's work never end, and the figures"
            " follow neither."
        ),
        "duel_do": (
            "Stop it from changing {the}, or allow the move in the policy. Until then"
            " somebody has to put the record right by hand: a task says what."
        ),
        "alarm_refused_subject": "Slagboom cannot work on {account}",
        "alarm_refused_what": "Slagboom cannot work on {account} any more. {reason}",
        "alarm_refused_why": (
            "Until this is put right nothing is judged, put back or followed up there."
            " What changes meanwhile is looked at afterwards."
        ),
        "alarm_refused_do": (
            "Put it right and type: slagboom probe {account}. It tries everything that"
            " is needed, and names what is still missing."
        ),
        "alarm_exhausted_subject": "{account} takes no more from Slagboom for now",
        "alarm_exhausted_what": "{account} takes no requests from Slagboom. {reason}",
        "alarm_exhausted_why": (
            "What Slagboom has to put back and to explain there waits until then."
        ),
        "alarm_exhausted_do": (
            "Find out which program uses up the requests of {account}, or have its"
            " limit raised. Slagboom goes on by itself."
        ),
        "alarm_link": "Open Slagboom",
        "alarm_over_subject": "Slagboom works on {account} again",
        "alarm_over": (
            "This is over: Slagboom works on {account} again, and looks at what"
            " changed meanwhile. There is nothing left to do."
        ),
        "why": "Why this matters:",
        "do": "What to do:",
        "put_back_yourself": "Put {the} back in {stage}.",
        "bring_or_put_back": "Bring what is missing, or put {the} back in {stage}.",
        "put_value_back_yourself": "Set {field} back to {old}.",
        "exception": "Is this an exception? Talk to {sponsor}.",
        "exception_nobody": "Is this an exception? Talk to your manager.",
        "open": "Open {name}",
        "open_nameless": "Open {the}",
        "several": "{name}: {count} things to put right",
        "one": "{name}: {what}",
        "why_word": "{language} for “{meaning}”",
        "why_own_word": "that means “{meaning}”",
        "why_filler": "a word that only fills the field",
        "why_nobody": "a name that belongs to nobody",
        "why_label": "what the field is called, not what it holds",
        "why_punctuation": "only punctuation",
        "why_repeated": "the same character again and again",
        "why_keyboard": "keys or characters in a row",
        "why_address": "an address that nobody reads",
        "why_same_text": "the same author wrote this in {count} records",
        "why_common": "{share} of all records say this, so it fills itself in",
        "meaning_not_applicable": "not applicable",
        "meaning_unknown": "unknown",
        "meaning_nothing": "nothing",
        "meaning_later": "later",
        "language_en": "English",
        "language_nl": "Dutch",
        "language_de": "German",
        "language_fr": "French",
        "for_stage": " for {stage}",
        "empty": "(empty)",
        "yes": "yes",
        "no": "no",
        "and": " and ",
        "or": " or ",
        "today": "today",
        "now": "now",
        "day": "d MMMM y",
        "moment": "EEEE d MMMM 'at' HH:mm",
        "moment_with_year": "d MMMM y 'at' HH:mm",
        "condition": "“{text}”",
        "count_at_least": "at least {count}",
        "count_at_most": "at most {count}",
        "count_exactly": "exactly {count}",
        "count_none": "no {noun}",
        "count_other": "a number other than {count}",
        "at_least": "{field} of {value} or more",
        "at_most": "{field} of {value} or less",
        "more": "{field} above {value}",
        "less": "{field} below {value}",
        "equal": "{field} equal to {value}",
        "unequal": "{field} other than {value}",
        "filled": "{field} filled in",
        "blank": "{field} left empty",
        "not_before": "{field} on or after {value}",
        "not_after": "{field} on or before {value}",
        "after": "{field} after {value}",
        "before": "{field} before {value}",
        "done_by": "It is done as soon as {kinds} is logged.",
        "done_by_or_task": (
            "It is done as soon as {kinds} is logged or this task is completed."
        ),
        "done_by_task": "It is done as soon as this task is completed.",
        "came_in": "{name} came in on {moment}, {ago} ago.",
        "entered": "{name} has been in {stage} since {moment}, {ago} by now.",
        "unplanned": (
            "{name} has no next step: nothing is planned, and no contact since"
            " {moment}, {ago} ago."
        ),
        "settled_planned": "{name} is settled: a next step is planned. Thank you.",
        "idle": "{name} has gone quiet: no contact since {moment}, {ago} ago.",
        "none_logged": "So far nobody has logged {kinds}.",
        "with": "It is with {person}.",
        "with_nobody": "It has no owner at the moment.",
        "digest_subject": "{count} more matters are waiting for you",
        "digest_subject_one": "1 more matter is waiting for you",
        "digest_what": (
            "So much came up for you on one day that Slagboom kept part of it for this"
            " one message. All of this is still open."
        ),
        "digest_why": "What waits for you here should not be forgotten.",
        "digest_do": (
            "Click on each to open it. What you do about it, or plan, stops the"
            " reminders by itself."
        ),
        "told_before": "Slagboom has told {people} before, and it is still open.",
        "remind_task": "Reminder: {task}",
        "remind_quiet": "{name} is waiting for you",
        "escalate_subject": "{name} needs your attention",
        "do_task": "To do: {task}.",
        "do_contact": "Get in touch, or plan when you will.",
        "escalate_nobody": "Give it to somebody who has time.",
        "settled_subject": "Settled: {name}",
        "settled_contact": "{name} is settled: there has been contact. Thank you.",
        "done_when": "It is done as soon as this is there: {condition}.",
        "done_when_too": "It is done as well once this is there: {condition}.",
        "settled_condition": "{name} is settled: what was needed is there. Thank you.",
        "settled_task": "{name} is settled: the task is done. Thank you.",
        "settled_closed": "{name} has been closed. Nothing more to do here.",
        "settled_moved_on": (
            "{name} has moved to another stage. Nothing more to do here."
        ),
        "settled_gone": "{name} is no longer in the CRM. Nothing more to do here.",
    },
)
