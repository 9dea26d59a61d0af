"""What Slagboom says to people: English and Dutch, plain, short and kind."""

from rules.wording.alarms import Alarm, alarm_over, alarm_text
from rules.wording.alerts import actor_text, duel_alert, storm_alert, storm_settled
from rules.wording.announcing import announcement, retraction, version_heading
from rules.wording.differences import difference_lines, power_text, rule_text
from rules.wording.digests import digest_text
from rules.wording.explaining import Section, Standing, explain, not_followed
from rules.wording.messages import MessageText, follow_up_task, nudge, settled
from rules.wording.notes import Ending, TaskText, note_html, stage_label, task_text
from rules.wording.reasons import needs_text, reason_text
from rules.wording.speech import field_label

__all__ = [
    "Alarm",
    "Ending",
    "MessageText",
    "Section",
    "Standing",
    "TaskText",
    "actor_text",
    "alarm_over",
    "alarm_text",
    "announcement",
    "difference_lines",
    "digest_text",
    "duel_alert",
    "explain",
    "field_label",
    "follow_up_task",
    "needs_text",
    "not_followed",
    "note_html",
    "nudge",
    "power_text",
    "reason_text",
    "retraction",
    "rule_text",
    "settled",
    "stage_label",
    "storm_alert",
    "storm_settled",
    "task_text",
    "version_heading",
]
