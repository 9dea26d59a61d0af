"""E-mail over SMTP."""

from adapters.smtp.notifier import SmtpNotifier, Tls, open_notifier

__all__ = ["SmtpNotifier", "Tls", "open_notifier"]
