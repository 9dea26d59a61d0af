"""The properties that HubSpot has from the start, those that matter here.

One line each: name, type, then `ro` (not writable) or `calc` (computed by HubSpot),
then the options of an enumeration. `*` are the properties of every type.
"""

_ROLLED_UP = (
    "notes_last_updated datetime calc",
    "notes_last_contacted datetime calc",
    "notes_next_activity_date datetime calc",
    "hs_notes_next_activity_type enumeration calc",
    "num_notes number calc",
    "num_contacted_notes number calc",
)

TABLE: dict[str, tuple[str, ...]] = {
    "*": (
        "hs_object_id number ro",
        "hs_createdate datetime ro",
        "hs_lastmodifieddate datetime ro",
        "hs_created_by_user_id number ro",
        "hs_updated_by_user_id number ro",
        "hs_object_source string ro",
        "hs_object_source_id string ro",
        "hs_object_source_label string ro",
        "hs_merged_object_ids string ro",
        "hubspot_owner_id enumeration",
        "hubspot_owner_assigneddate datetime ro",
        "hubspot_team_id enumeration ro",
        "hs_unique_creation_key string ro",
    ),
    "deals": (
        *_ROLLED_UP,
        "dealname string",
        "dealstage enumeration",
        "pipeline enumeration",
        "amount number",
        "closedate datetime",
        "createdate datetime",
        "description string",
        "dealtype enumeration newbusiness existingbusiness",
        "hs_priority enumeration low medium high",
        "hs_next_step string",
        "hs_next_step_updated_at datetime calc",
        "closed_lost_reason string",
        "closed_won_reason string",
        "deal_currency_code enumeration",
        "hs_manual_forecast_category enumeration OMIT PIPELINE BEST_CASE COMMIT CLOSED",
        "hs_forecast_probability number",
        "hs_is_closed bool calc",
        "hs_is_closed_won bool calc",
        "hs_is_closed_lost bool calc",
        "hs_deal_stage_probability number calc",
        "hs_v2_date_entered_current_stage datetime calc",
        "hs_is_in_first_deal_stage bool calc",
        "hs_is_stalled bool calc",
        "hs_has_empty_conditional_stage_properties bool calc",
        "hs_latest_approval_status string calc",
        "num_associated_contacts number calc",
        "hs_num_of_associated_line_items number calc",
        "hs_number_of_overdue_tasks number calc",
    ),
    "contacts": (
        *_ROLLED_UP,
        "email string",
        "firstname string",
        "lastname string",
        "phone string",
        "mobilephone string",
        "company string",
        "jobtitle string",
        "createdate datetime ro",
        "lastmodifieddate datetime ro",
        (
            "lifecyclestage enumeration subscriber lead marketingqualifiedlead"
            " salesqualifiedlead opportunity customer evangelist other"
        ),
        (
            "hs_lead_status enumeration NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED"
            " ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING"
        ),
        "num_associated_deals number calc",
    ),
    "companies": (
        *_ROLLED_UP,
        "name string",
        "domain string",
        "phone string",
        "city string",
        "country string",
        "industry string",
        "createdate datetime ro",
        (
            "lifecyclestage enumeration subscriber lead marketingqualifiedlead"
            " salesqualifiedlead opportunity customer evangelist other"
        ),
        "num_associated_contacts number calc",
        "num_associated_deals number calc",
    ),
    "leads": (
        *_ROLLED_UP,
        "hs_lead_name string",
        "hs_lead_type enumeration NEW_BUSINESS UPSELL RE_ATTEMPTING",
        "hs_lead_label enumeration HOT WARM COLD",
        "hs_pipeline enumeration",
        "hs_pipeline_stage enumeration",
        "hs_lead_is_closed bool calc",
        "hs_v2_date_entered_current_stage datetime calc",
    ),
    "tasks": (
        "hs_timestamp datetime",
        "hs_task_subject string",
        "hs_task_body string",
        "hs_task_status enumeration NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED",
        "hs_task_priority enumeration NONE LOW MEDIUM HIGH",
        "hs_task_type enumeration TODO CALL EMAIL LINKED_IN",
        "hs_task_reminders string",
        "hs_task_is_completed number calc",
        "hs_task_is_overdue bool calc",
        "hs_task_completion_date datetime ro",
        "hs_queue_membership_ids string",
    ),
    "notes": (
        "hs_timestamp datetime",
        "hs_note_body string",
        "hs_attachment_ids string",
    ),
    "calls": (
        "hs_timestamp datetime",
        "hs_call_title string",
        "hs_call_body string",
        "hs_call_direction enumeration INBOUND OUTBOUND",
        "hs_call_disposition string",
        "hs_call_duration number",
        (
            "hs_call_status enumeration BUSY CALLING_CRM_USER CANCELED COMPLETED"
            " CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING"
        ),
        "hs_call_from_number string",
        "hs_call_to_number string",
    ),
    "emails": (
        "hs_timestamp datetime",
        "hs_email_direction enumeration EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
        "hs_email_subject string",
        "hs_email_text string",
        "hs_email_html string",
        "hs_email_status enumeration BOUNCED FAILED SCHEDULED SENDING SENT",
        "hs_email_headers string",
        "hs_email_from_email string ro",
        "hs_email_to_email string ro",
    ),
    "meetings": (
        "hs_timestamp datetime",
        "hs_meeting_title string",
        "hs_meeting_body string",
        "hs_internal_meeting_notes string",
        "hs_meeting_location string",
        "hs_meeting_start_time datetime",
        "hs_meeting_end_time datetime",
        (
            "hs_meeting_outcome enumeration SCHEDULED COMPLETED RESCHEDULED NO_SHOW"
            " CANCELED"
        ),
        "hs_activity_type string",
    ),
    "quotes": (
        "hs_title string",
        "hs_expiration_date datetime",
        (
            "hs_status enumeration DRAFT APPROVAL_NOT_NEEDED PENDING_APPROVAL APPROVED"
            " REJECTED"
        ),
        "hs_quote_amount number ro",
        "hs_quote_number string ro",
        "hs_quote_link string ro",
        "hs_currency enumeration",
        "hs_language string",
        "hs_public_url_key string ro",
        "hs_quote_total_preference string",
    ),
}
