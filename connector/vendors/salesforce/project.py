"""What is deployed to a Salesforce organisation, and what nobody can deploy."""

from connector.vendors.vendor import Project, Site, Texts


def _to_files(site: Site) -> Texts:
    from adapters.salesforce.project import to_files  # noqa: PLC0415

    return to_files(
        webhook_url=site.webhook_url,
        redirect_uri=site.settings.get("redirect_uri") or site.redirect_uri,
        fields=site.fields,
        restored=site.restored,
    )


PROJECT = Project(
    to_files=_to_files,
    commands=(
        'export SLAGBOOM_WEBHOOK_SECRET="$(cat ../webhook-secret.txt)"',
        "export SLAGBOOM_INTEGRATION_USER=slagboom@acme.example",
        "sf org login web --set-default",
        "sf project deploy start --source-dir force-app",
        "sf org assign permset --name Slagboom -b $SLAGBOOM_INTEGRATION_USER",
    ),
    by_hand=(
        (
            "Before you deploy: make the user whom Slagboom works as, with the licence"
            " Salesforce Integration and the profile Minimum Access - API Only"
            " Integrations, and assign it the permission set licence Salesforce API"
            " Integration. Its user name goes into SLAGBOOM_INTEGRATION_USER."
        ),
        (
            "The app: deploy external-client-app as well (with SLAGBOOM_CONTACT_EMAIL"
            " set to your address), or make it under Setup, External Client App"
            " Manager. Its consumer key and secret are shown there, and nowhere else."
        ),
        (
            "Where people cannot edit each other's records: share opportunities and"
            " leads with this user, read and write, by a sharing rule."
        ),
        (
            "In production, flows are deployed switched off unless Process Automation"
            " Settings allow active ones: switch the flows named Slagboom on."
        ),
        (
            "Where quotes are used: deploy quotes as well, and assign Slagboom_Quotes."
            " For `slagboom listen`: deploy change-events as well."
        ),
        "After you publish a policy that names more fields: do this again.",
    ),
)
