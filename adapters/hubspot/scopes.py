"""What the app must be allowed, and what for. Pure.

Scopes: developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/
scopes. Calls, meetings, e-mails, notes and tasks are guarded by those of contacts.
"""

READS = (
    ("deals", "crm.objects.deals.read", "read deals"),
    ("contacts", "crm.objects.contacts.read", "read contacts"),
    ("quotes", "crm.objects.quotes.read", "see whether there is a quote"),
    ("calls", "crm.objects.contacts.read", "see calls, which are contact"),
    ("meetings", "crm.objects.contacts.read", "see meetings, which are contact"),
    ("emails", "crm.objects.contacts.read", "see e-mails, which are contact"),
    ("notes", "crm.objects.contacts.read", "find notes of its own"),
    ("tasks", "crm.objects.contacts.read", "see which tasks are completed"),
)
WRITES = (
    ("deals", "crm.objects.deals.write", "put forbidden moves back"),
    ("notes", "crm.objects.contacts.write", "explain in a note"),
    ("tasks", "crm.objects.contacts.write", "create tasks"),
)
"""Objects, the scope that opens them, and why they are opened."""

OWNERS = "crm.objects.owners.read"
COMPANIES = "crm.objects.companies.read"
LEADS = ("crm.objects.leads.read", "crm.objects.leads.write")
"""Only for policies on leads, in an account that has them: others cannot grant it."""


def required(*, with_leads: bool) -> list[str]:
    """Return every scope once, in the order of their names."""
    opened = {scope for _, scope, _ in (*READS, *WRITES)}
    return sorted(opened | {OWNERS, COMPANIES} | set(LEADS if with_leads else ()))
