"""Slack: messages to people, as the app's bot."""

from adapters.slack.notifier import SlackNotifier, open_notifier

__all__ = ["SlackNotifier", "open_notifier"]
