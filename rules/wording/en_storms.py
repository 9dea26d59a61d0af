"""English, of many records at once: storms and permits."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "storm_subject": "{process}: {count} records moved at once. What should happen?",
    "storm_happened": (
        "Within ten minutes {count} records were changed against the process {process},"
        " most of them by {who}. Slagboom puts {returned} of them back and then stops:"
        " from here on it only observes this process."
    ),
    "storm_why": (
        "An import or an automation can be meant well. Putting thousands of records"
        " back could do more harm than leaving them."
    ),
    "storm_do": "Give one of three answers:",
    "storm_permit": "slagboom storm permit {connection}: leave them as they stand.",
    "storm_return": "slagboom storm return {connection}: put them back now.",
    "storm_look": (
        "slagboom storm look {connection}: go on observing, and see who moved what."
    ),
    "storm_link": "Open Slagboom",
    "storm_settled_subject": "{process}: answered",
    "storm_settled_permit": (
        "{person} permits what was changed against the process {process}. It stays as"
        " it stands, and the process is enforced again."
    ),
    "storm_settled_return": (
        "{person} has what was changed against the process {process} put back. The"
        " process is enforced again."
    ),
    "storm_settled_resume": (
        "{person} has the process {process} enforced again. What was changed meanwhile"
        " stays as it stands."
    ),
}
