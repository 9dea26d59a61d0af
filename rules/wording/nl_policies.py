"""Nederlands voor wat over het beleid gaat: wat er verandert, en dat aankondigen."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "change_added": "Nieuw: {what} ({power}).",
    "change_added_plain": "Nieuw: {what}.",
    "change_removed": "Vervalt: {what}.",
    "change_power": "{what} (was: {old}, nu: {new}).",
    "change_content": "{what} (was: {before}).",
    "change_content_power": "{what} (was: {before}, {old}; nu: {new}).",
    "change_unsaid": "Gewijzigd: {what}.",
    "power_off": "niet gecontroleerd",
    "power_observe": "alleen bekeken",
    "power_flag": "gemeld",
    "power_enforce": "teruggezet",
    "power_asleep": "nog niet actief",
    "power_awake": "actief",
    "what_needed": "voor {stage} is {field} nodig",
    "what_gated": "voor {stage} is dit nodig: {condition}",
    "what_skip": "geen fase mag worden overgeslagen",
    "what_back": "{the} mag niet terug naar een eerdere fase",
    "what_born_late": "{the} begint in een fase waar die aan toe is",
    "what_check": "we verwachten {condition}",
    "what_check_open": "we verwachten {condition}, zolang {the} open is",
    "what_allow": "{the} mag van {from} naar {to}: {why}",
    "what_allow_when": "{the} mag van {from} naar {to} bij {condition}: {why}",
    "what_first": "{stage} is de eerste fase",
    "what_after": "{stage} komt na {before}",
    "what_beside": "{stage} kan vanuit elke fase",
    "what_follow_up": "{start}: {steps}",
    "start_created": "als {the} net binnen is",
    "start_enters": "als {the} in {stage} komt",
    "start_idle": "na {length} zonder contact",
    "start_unplanned": "na {length} zonder contact of een geplande volgende stap",
    "step_task": "de taak “{task}”",
    "step_remind": "een herinnering na {length}",
    "step_escalate": "de manager hoort het na {length}",
    "step_remind_now": "meteen een herinnering",
    "step_escalate_now": "de manager hoort het meteen",
    "step_nothing": "er wordt niets gevraagd",
    "what_of": "{what} (als {actors} het deed)",
    "what_check_in": "we verwachten {condition} in {stages}",
    "what_convert_late": "de lead wordt omgezet zodra dit er is: {condition}",
    "what_convert_early": "de lead wordt niet omgezet voordat dit er is: {condition}",
    "what_auto_move": "{the} gaat vanzelf van {from} naar {to} bij {condition}",
    "actor_person": "een mens",
    "actor_workflow": "een workflow",
    "actor_integration": "een koppeling",
    "actor_import": "een import",
    "actor_agent": "een AI-agent",
    "actor_ourselves": "Slagboom",
    "actor_unknown": "een onbekende",
    "set_placeholders": "geen antwoord: {value}",
    "no_answer_words": "woorden die niets zeggen",
    "no_answer_repeated": "dezelfde tekst van één persoon in {count} records",
    "no_answer_share": "wat in meer dan {share} van alle records staat",
    "no_answer_but": "{what}; maar {texts} is er wel een",
    "set_returns_per_day": "hoogstens {value} keer per dag teruggezet",
    "set_hold_keep": "een gewenste stap wordt {value} onthouden",
    "set_storm": "binnen tien minuten worden er hoogstens {value} teruggezet",
    "storm_limit": "{count} records, of {share} van alle",
    "set_exemption_longest": "een uitzondering duurt hoogstens {value}",
    "set_exemptions_recur": "advies voor een tweede proces na {value} uitzonderingen",
    "set_lanes": "sneller opgevolgd: {value}",
    "lane": "{condition}, in {share} van de tijd",
    "lane_alone": "{condition}, in {share} van de tijd en nooit in een verzamelbericht",
    "set_messages_per_day": (
        "iedereen krijgt hoogstens {value} losse berichten per dag, en de rest in één"
    ),
    "set_park_limit": "parkeren mag {value}",
    "park_limit": "hoogstens {length}, {count} keer per jaar",
    "set_title": "het proces heet “{value}”",
    "set_kind": "het proces gaat over {value}",
    "set_pipeline": "het proces is voor de pijplijn {value}",
    "set_since": "het geldt voor wat is aangemaakt vanaf {value}",
    "set_locale": "de taal is {value}",
    "set_calendar": "de werktijd is {value}",
    "set_sponsor": "{value} staat voor het proces",
    "set_fallback": "{value} hoort het als niemand anders bereikbaar is",
    "set_governs": "het proces geldt alleen voor {the} met {value}",
    "set_goals": "de doelen zijn: {value}",
    "set_other": "het onderdeel “{name}” van het proces",
    "unit_s": "seconde|seconden",
    "unit_m": "minuut|minuten",
    "unit_h": "uur|uur",
    "unit_d": "dag|dagen",
    "unit_wh": "werkuur|werkuren",
    "unit_wd": "werkdag|werkdagen",
    "announce_subject": "{process}: wat verandert er vanaf {day}",
    "announce_what": (
        "We hebben het proces {process} opnieuw afgesproken. Vanaf {moment} geldt:"
    ),
    "announce_nothing": (
        "We hebben het proces {process} opnieuw afgesproken, vanaf {moment}. In je werk"
        " verandert er niets: voorlopig kijken we alleen mee."
    ),
    "announce_why": "Waarom: {goals}",
    "announce_do": "Tot dan verandert er niets. Vragen? Overleg met {sponsor}.",
    "announce_do_nobody": (
        "Tot dan verandert er niets. Vragen? Overleg met je manager."
    ),
    "announce_more": "en nog {count}",
    "withdrawn_subject": "{process}: voorlopig verandert er niets",
    "withdrawn": (
        "Wat we je over het proces {process} hebben verteld, gaat niet in. Wat nu"
        " geldt, blijft gelden."
    ),
    "version_current": "Versie {number}, geldt sinds {moment}",
    "version_retired": "Versie {number}, gold vanaf {moment}",
    "version_pending": "Versie {number}, aangekondigd: geldt vanaf {moment}",
    "version_withdrawn": "Versie {number}, ingetrokken voordat die gold",
    "version_by": "{version}. {author}: {note}",
    "explain_stands": "Waar het staat:",
    "explain_happens": "Wat er gebeurt als het naar {to} gaat:",
    "explain_in": "{name} staat in {stage}, in het proces {process}.",
    "explain_in_since": (
        "{name} staat sinds {moment} in {stage}, in het proces {process}."
    ),
    "explain_paused": "Slagboom staat hier op pauze: het kijkt alleen mee.",
    "explain_against": "In strijd met de afspraak: {what}",
    "explain_held": (
        "Iemand wilde het in {stage}. Slagboom zet het daar zodra dit klaar is:"
    ),
    "explain_clock": "Opvolging: {what}. Volgende moment: {moment}.",
    "explain_exempt": "Uitgezonderd tot {moment} van: {what}.",
    "explain_exempt_all": "Uitgezonderd tot {moment} van alles.",
    "explain_nowhere": (
        "{name} staat in geen pijplijn waar een geldende afspraak over gaat. Slagboom"
        " laat het met rust."
    ),
    "outlook_ungoverned": "Niets: het proces {process} laat het met rust.",
    "outlook_passes": "Niets staat {to} in de weg.",
    "outlook_observed": "Het blijft in {to}. Slagboom noteert het alleen.",
    "outlook_flagged": "Het blijft in {to}, met een notitie en een taak.",
    "outlook_returned": "Slagboom zet {the} terug in {stage}.",
    "outlook_held": (
        "Slagboom zet {the} terug in {stage}, en vanzelf in {to} zodra er is wat nog"
        " ontbreekt."
    ),
    "would_skip": "Van {from} meteen naar {to} slaat over: {skipped}.",
    "would_go_back": "{to} ligt voor {from}.",
}
