"""English. `{...}` is filled in, the rest is said as it is."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    # the frame
    "tagline": "Your sales process, kept.",
    "skip_to_content": "Skip to the content",
    "language": "Language",
    "all_well": "All is well",
    "one_problem": "1 thing needs you",
    "many_problems": "{count} things need you",
    "as_of": "As of",
    "refresh": "Refresh",
    "pause_updates": "Pause updates",
    "resume_updates": "Resume updates",
    "connection_lost": "No answer from Slagboom; what you see may be old.",
    "sign_out": "Sign out",
    "copy": "Copy",
    "copied": "Copied",
    # problems
    "problems": "Needs your attention",
    "since": "since",
    "times": "{count} times, lately",
    "redis_away": (
        "Redis cannot be reached. Nothing is lost: deliveries are stored, but nobody"
        " acts on them. Check the server of REDIS_URL."
    ),
    "no_worker": (
        "No worker runs, so nothing is judged and nobody is told. Start one with"
        " `python worker.py`; `slagboom up` starts everything."
    ),
    "deliveries_late": (
        "Deliveries that wait to be read: {count}. If it grows, start more workers; the"
        " worker's log says what is wrong."
    ),
    "records_late": (
        "Records that wait to be looked at: {count}. The CRM may be slow or refusing;"
        " the worker's log says which."
    ),
    "clocks_late": (
        "Follow-ups that are late on our side: {count}. Check that the clock and a"
        " worker run."
    ),
    "deliveries_dead": (
        "Deliveries that could not be understood and were put aside: {count}."
        " `slagboom deliveries` shows why."
    ),
    "messages_failed": (
        "Messages to people that could not be delivered in the last day: {count}. Test"
        " your channels with `slagboom channels test`."
    ),
    "connection_failing": (
        "The last test of {name} failed. `slagboom probe {name}` says what it lacks."
    ),
    "connection_paused": (
        "{name} is paused: everything is observed, nothing is put back. Go on with"
        " `slagboom resume {name}`."
    ),
    "channel_failing": (
        "The last test of the channel {name} failed. Try again with"
        " `slagboom channels test {name} --to you@example.com`."
    ),
    "stream_silent": (
        "{name} tells of its changes as they happen, but nobody has listened for some"
        " time; sweeps find them meanwhile. Start `slagboom listen`; its log says what"
        " fails."
    ),
    # set-up
    "setup": "Set-up",
    "setup_progress": "{done} of {all} done",
    "setup_done": "Everything is set up.",
    "done": "Done",
    "next": "Next",
    "later": "Later",
    "do_this": "Type this:",
    "connect": "Connect your CRM",
    "connect_why": (
        "Slagboom needs a way into your CRM, and a secret by which it recognises the"
        " CRM's webhooks. Both are kept encrypted. Type the one for your CRM."
    ),
    "probe": "Test the connection",
    "probe_why": "It tries every right that is needed, and changes nothing.",
    "import": "Take a first look at the account",
    "import_why": (
        "What is there now is history: it is remembered, and nobody is bothered about"
        " it."
    ),
    "webhook": "Let the CRM tell us what changes",
    "webhook_why": (
        "This command writes a project for the CRM's own tool, which then sets the"
        " webhooks up; or enter this address yourself as their target. The step ticks"
        " itself when the first one arrives."
    ),
    "webhook_secret": (
        "{place} stands for the webhook secret that the account was connected with. It"
        " is not shown here: take it from where you keep it."
    ),
    "webhook_loopback": (
        "From outside, nobody reaches this address. Set PUBLIC_URL to the https address"
        " of this server or of your tunnel, and start Slagboom again."
    ),
    "policy": "Publish your policy",
    "policy_why": (
        "Begin with `enforcement: observe`: you then read below what would have"
        " happened. `slagboom policy diff` shows it for all that is there now."
    ),
    "people": "Introduce your people",
    "people_why": (
        "A list of names, e-mail addresses and managers, so that reminders reach the"
        " right person."
    ),
    "channel": "Add a way to reach them",
    "channel_why": "Slack or a mail server. Without one, only tasks in the CRM help.",
    "channel_test": "Send a test message",
    "channel_test_why": "It takes the real path, so that you know it works.",
    # feed
    "feed": "What happened",
    "feed_empty": "Nothing yet.",
    "feed_empty_why": (
        "As soon as somebody moves a deal against the policy, you read here what was"
        " moved, why it was put back, and how it ended. Until then, let your CRM work:"
        " moves that are in order are not mentioned."
    ),
    "moved": "{from} → {to}",
    "stands_in": "In {to}",
    "created_in": "Created in {to}",
    "by": "by {name}",
    "returned": "Put back to {stage}",
    "held": "Put back to {stage}; moves to {hold} by itself once all is there",
    "restored": "Former values put back",
    "completed": "Moved on to {to}, now that nothing is missing",
    "moved_on": "Moved on to {to}, since the facts say so",
    "released": "No longer waiting to move to {to}",
    "flagged": "Left where it is; a note says what is wrong",
    "refused": "The CRM did not take what we wrote",
    "observed": "Only observed; nothing was done",
    "superseded": "Nothing done: it had already moved on",
    "undone": "Undone",
    "underway": "Being dealt with",
    "task_planned": "Task is being made",
    "task_done": "Task made in the CRM",
    "task_refused": "The CRM did not take the task",
    "task_superseded": "Task no longer needed",
    "task_undone": "Task taken back",
    "answer_allowed": "{person} said that this is an answer in {field}",
    "answer_allowed_ending": "It counts as filled in from then on",
    "answer_revoked": "{person} took back that this is an answer in {field}",
    "answer_revoked_ending": "It counts as a placeholder again",
    "reminder": "Reminder to {person}",
    "escalation": "Escalation to {person}",
    "digest": "Digest to {person}",
    "announcement": "Announcement to {person}",
    "admin": "Message to {person}",
    "message_planned": "on its way",
    "message_waiting": "waits for the digest",
    "message_digested": "told in a digest",
    "message_sent": "sent",
    "message_sent_by": "sent through {channel}",
    "message_failed": "not delivered",
    "message_settled": "settled",
    "record_link": "{name} (opens in the CRM)",
    "deal": "Deal",
    "opportunity": "Opportunity",
    "lead": "Lead",
    "contact": "Contact",
    "company": "Company",
    "workflow": "a workflow",
    "integration": "an integration",
    "import_actor": "an import",
    "agent": "an AI agent",
    "ourselves": "Slagboom",
    # health
    "health": "How it runs",
    "accounts": "Connected accounts",
    "account": "Account",
    "last_webhook": "Last webhook",
    "compared_until": "Compared until",
    "policies": "Policies",
    "state": "State",
    "never": "never",
    "not_yet": "not yet",
    "none": "none",
    "working": "working",
    "failing": "test failed",
    "paused": "paused",
    "untested": "not tested",
    "no_accounts": "No account is connected yet; the list above says how.",
    "queues": "Queues",
    "queue": "What waits",
    "number": "Number",
    "oldest": "Oldest waits",
    "deliveries_waiting": "Deliveries to read",
    "records_due": "Records to look at",
    "interventions_planned": "Interventions to carry out",
    "notifications_waiting": "Messages to send",
    "clocks_due": "Follow-ups due",
    "hints_waiting": "Hints to workers",
    "workers": "Workers alive",
    "unknown": "unknown",
    "open_now": "Open now",
    "holds_open": "Moves that wait for something missing",
    "violations_open": "Open violations of {process}",
    "no_violations": "Open violations",
    # getting in
    "sign_in": "Sign in",
    "key": "Page key",
    "key_hint": "The value of SLAGBOOM_PAGE_KEY on the server.",
    "key_wrong": "That is not the key. Check SLAGBOOM_PAGE_KEY on the server.",
    "too_many": "Too many wrong keys. Wait a minute and try again.",
    "closed": "This page is closed from here",
    "closed_why": (
        "It shows customers' names, so it opens without a key only on the machine"
        " itself. Set SLAGBOOM_PAGE_KEY to a long random text (16 characters or more)"
        " and start Slagboom again; you can then sign in with it."
    ),
    "wrong_host": "Slagboom is not at this address",
    "wrong_host_why": "Use the address that PUBLIC_URL names: {url}",
    "not_found": "There is no such page",
    "not_found_why": "Go to the first page.",
    "signed_in": "Back from signing in",
    "signed_in_why": (
        "Copy the whole address of this page out of the address bar, and paste it in"
        " the terminal in which `slagboom connect` waits. It is good for once."
    ),
    "store_down": "The database does not answer",
    "store_down_why": (
        "Check that the server of DATABASE_URL runs; `slagboom doctor` tells more. CRMs"
        " will deliver again what cannot be stored meanwhile."
    ),
    "broken": "Something went wrong on our side",
    "broken_why": "The log of the web process says what. Your CRM was not touched.",
    "to_first_page": "To the first page",
}
