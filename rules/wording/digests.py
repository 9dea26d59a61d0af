"""What a digest says: that several matters wait, which its items then name."""

from rules.wording.messages import MessageText
from rules.wording.speech import speak


def digest_text(matters: int, *, locale: str, zone: str) -> MessageText:
    """Return what stands above and around the matters of a digest, one at least."""
    speech = speak(locale, zone)
    key = "digest_subject" if matters > 1 else "digest_subject_one"
    return MessageText(
        speech.say(key, count=speech.value(float(matters))),
        tuple(speech.say(f"digest_{part}") for part in ("what", "why", "do")),
        link_text="",
    )
