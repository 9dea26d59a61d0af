"""The verbs of the audit: every change of policy, credential and right has one."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What somebody did, as a dotted verb in the past."""

    CONNECTION_SAVED = "connection.saved"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    HOLD_DROPPED = "hold.dropped"
    ANSWER_ALLOWED = "answer.allowed"
    ANSWER_REVOKED = "answer.revoked"
    INTERVENTION_UNDONE = "intervention.undone"
    STORM_ANSWERED = "storm.answered"
    PERMIT_GRANTED = "permit.granted"
    PERMIT_REVOKED = "permit.revoked"
    RECORD_PARKED = "record.parked"
    PARK_ENDED = "park.ended"
    FOLLOW_UP_SEEN = "follow_up.seen"
    EXEMPTION_GRANTED = "exemption.granted"
    EXEMPTION_REVOKED = "exemption.revoked"
    POLICY_PUBLISHED = "policy.published"
    POLICY_TOOK_EFFECT = "policy.took_effect"
    POLICY_WITHDRAWN = "policy.withdrawn"
    CHANNEL_SAVED = "channel.saved"
    CHANNEL_REMOVED = "channel.removed"
    CHANNEL_ENABLED = "channel.enabled"
    CHANNEL_DISABLED = "channel.disabled"
    CHANNEL_TESTED = "channel.tested"
    PEOPLE_IMPORTED = "people.imported"
    MANAGER_SET = "manager.set"
    SECRETS_RESEALED = "secrets.resealed"
