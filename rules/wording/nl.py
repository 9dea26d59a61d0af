"""Nederlands, in de je-vorm: kort, gewoon en vriendelijk."""

from rules.model import EvidenceKind, Noun, ReasonCode
from rules.policy import StepKind
from rules.wording.catalogue import Catalogue, Count, NounForms
from rules.wording.nl_policies import PHRASES
from rules.wording.nl_storms import PHRASES as STORM_PHRASES

DUTCH = Catalogue(
    language="nl",
    nouns={
        Noun.DEAL: NounForms(this="Deze deal", the="de deal"),
        Noun.OPPORTUNITY: NounForms(this="Deze opportunity", the="de opportunity"),
        Noun.LEAD: NounForms(this="Deze lead", the="de lead"),
        Noun.CONTACT: NounForms(this="Deze contactpersoon", the="de contactpersoon"),
        Noun.COMPANY: NounForms(this="Dit bedrijf", the="het bedrijf"),
        Noun.ACCOUNT: NounForms(this="Dit account", the="het account"),
    },
    counts={
        EvidenceKind.QUOTES: Count("offerte", "offertes", "een offerte"),
        EvidenceKind.MEETINGS: Count("afspraak", "afspraken", "een afspraak"),
        EvidenceKind.CALLS: Count(
            "telefoongesprek", "telefoongesprekken", "een telefoongesprek"
        ),
        EvidenceKind.EMAILS: Count("e-mail", "e-mails", "een e-mail"),
        EvidenceKind.EMAILS_SENT: Count(
            "verstuurde e-mail", "verstuurde e-mails", "een e-mail aan de klant"
        ),
        EvidenceKind.TASKS: Count(
            "openstaande taak", "openstaande taken", "een openstaande taak"
        ),
        EvidenceKind.CONTACTS: Count(
            "contactpersoon", "contactpersonen", "een contactpersoon"
        ),
        EvidenceKind.ACCOUNT_CONTACTS: Count(
            "contactpersoon bij de klant",
            "contactpersonen bij de klant",
            "een contactpersoon bij de klant",
        ),
    },
    reasons={
        ReasonCode.FINE: "Dit is in orde.",
        ReasonCode.NOT_APPLICABLE: "Deze regel geldt hier niet.",
        ReasonCode.STAGES_SKIPPED: (
            "{this} ging van {from} meteen door naar {to}. Overgeslagen: {skipped}."
        ),
        ReasonCode.MOVED_BACK: "{this} ging terug van {from} naar {to}.",
        ReasonCode.BORN_LATE: (
            "{this} is aangemaakt in {stage}. Met wat we nu weten is {furthest} de"
            " juiste fase."
        ),
        ReasonCode.ALLOWED: "Deze stap mag: {why}",
        ReasonCode.FIELD_EMPTY: "{field} is nog leeg, en is nodig voor {stage}.",
        ReasonCode.FIELD_PLACEHOLDER: (
            "Bij {field} staat “{value}”: {because}. Dat is nog geen antwoord, en het"
            " is nodig voor {stage}."
        ),
        ReasonCode.GATE_NOT_MET: (
            "Voor {stage} is dit nodig: {condition}. Dat is er nog niet."
        ),
        ReasonCode.CHECK_FAILED: (
            "{field} ging van {old} naar {new}. We hebben afgesproken{for_stage}:"
            " {condition}."
        ),
        ReasonCode.CHECK_NOT_MET: (
            "{field} is {value}. We hebben afgesproken{for_stage}: {condition}."
        ),
        ReasonCode.UNDECIDED: (
            "Dit konden we niet nagaan, want {field} is leeg: {condition}."
        ),
        ReasonCode.EXEMPTED: "Dit mag voorlopig: er geldt een uitzondering.",
        ReasonCode.STAGE_UNKNOWN: (
            "De fase {stage} hoort niet bij het afgesproken proces. Daar controleren we"
            " niets."
        ),
        ReasonCode.STAGE_BEHIND: (
            "{this} stond in {from}, en waar {to} op wacht, is er: {condition}."
        ),
        ReasonCode.CONVERSION_DUE: (
            "Wat van een lead een klant maakt, is er: {condition}. {this} is nog niet"
            " omgezet."
        ),
        ReasonCode.CONVERTED_EARLY: (
            "{this} ging naar {stage}, en wat voor het omzetten nodig is, is er niet:"
            " {condition}."
        ),
    },
    to_do={
        ReasonCode.STAGES_SKIPPED: "Doorloop eerst: {skipped}.",
        ReasonCode.BORN_LATE: "Ga verder vanaf {furthest}, fase voor fase.",
        ReasonCode.FIELD_EMPTY: "Vul {field} in.",
        ReasonCode.FIELD_PLACEHOLDER: (
            "Vervang “{value}” bij {field} door het echte antwoord."
        ),
        ReasonCode.GATE_NOT_MET: "Nog nodig: {condition}.",
        ReasonCode.CHECK_FAILED: (
            "Pas {field} aan. We hebben afgesproken{for_stage}: {condition}."
        ),
        ReasonCode.CHECK_NOT_MET: (
            "Pas {field} aan. We hebben afgesproken{for_stage}: {condition}."
        ),
        ReasonCode.STAGE_BEHIND: "Zet {the} in {to}.",
        ReasonCode.CONVERSION_DUE: "Zet {the} om in een klant met een contactpersoon.",
        ReasonCode.CONVERTED_EARLY: "Nog nodig: {condition}.",
    },
    escalations={
        StepKind.REMIND: "Zodra het is vastgelegd, stoppen deze herinneringen vanzelf.",
        StepKind.ESCALATE: (
            "Vraag {person} wat er nodig is, of geef het aan iemand die tijd heeft."
        ),
    },
    phrases={
        **PHRASES,
        **STORM_PHRASES,
        "set_back": "Slagboom heeft {the} teruggezet naar {stage}.",
        "restored": "Slagboom heeft deze waarden teruggezet:",
        "restored_too": "Deze waarden zijn ook teruggezet:",
        "restored_field": "{field}: van {new} terug naar {old}",
        "flagged": "Er is niets gewijzigd.",
        "duel": (
            "Slagboom heeft {the} vandaag al een paar keer teruggezet. Nu laten we het"
            " zo, want de wijziging komt steeds terug."
        ),
        "refused": (
            "Slagboom wilde dit rechtzetten, maar het CRM weigerde dat: “{refusal}”"
        ),
        "refused_unexplained": (
            "Slagboom wilde dit rechtzetten, maar het CRM weigerde dat."
        ),
        "held": (
            "Je hoeft {the} niet opnieuw te verplaatsen. Zodra dit er is, zet Slagboom"
            " {the} vanzelf in {stage}."
        ),
        "completed": (
            "Wat nog ontbrak, is er nu. Slagboom heeft {the} van {from} naar {to}"
            " verplaatst, zoals je wilde."
        ),
        "completed_do": (
            "Niets. Is er nog een taak over wat ontbrak, dan kun je die afsluiten."
        ),
        "moved_on": "Slagboom heeft {the} van {from} naar {to} verplaatst.",
        "moved_on_undo": (
            "Niets. Klopt het niet, zet {the} dan terug; Slagboom laat {the} daarna"
            " staan."
        ),
        "hold_expired": (
            "Je wilde {the} van {from} naar {to} verplaatsen. Wat nog ontbrak, is er"
            " niet op tijd gekomen. Slagboom wacht er niet langer op."
        ),
        "hold_void": (
            "Je wilde {the} van {from} naar {to} verplaatsen. Het afgesproken proces is"
            " intussen gewijzigd en kent deze stap niet meer. Slagboom wacht er niet"
            " langer op."
        ),
        "restored_stage": "Fase: van {new} terug naar {old}",
        "undone": (
            "Slagboom heeft teruggedraaid wat het had gedaan, omdat {person} dat vroeg:"
        ),
        "undone_why": "Zoals het nu staat, is het goed. Vanaf hier telt dat.",
        "undone_do": (
            "Niets. Wat eerdere notities over {the} zeggen, is voorbij; is er een taak"
            " over, dan kun je die afsluiten."
        ),
        "move_again": "Verplaats {the} zelf als je dat nog wilt.",
        "by_other": "De wijziging is gedaan door {name}.",
        "a_workflow": "een workflow",
        "a_integration": "een koppeling",
        "a_import": "een import",
        "a_agent": "een AI-agent",
        "a_somebody": "iemand of iets",
        "duel_alert": (
            "{name} wordt telkens weer gewijzigd door {who}, tegen het beleid {policy}"
            " in. Slagboom heeft dat op één dag {count} teruggezet, en laat het nu"
            " zo."
        ),
        "duel_why": (
            "Twee automaten die elkaars werk terugdraaien, houden nooit op. Op de"
            " cijfers kun je dan niet meer bouwen."
        ),
        "duel_do": (
            "Zorg dat {the} niet meer zo wordt gewijzigd, of sta de stap toe in het"
            " beleid. Tot die tijd moet iemand het met de hand in orde maken: in een"
            " taak staat wat."
        ),
        "alarm_refused_subject": "Slagboom kan niet werken in {account}",
        "alarm_refused_what": (
            "Slagboom kan niet meer werken in {account}. De melding luidt: {reason}"
        ),
        "alarm_refused_why": (
            "Tot dit in orde is, wordt daar niets beoordeeld, teruggezet of opgevolgd."
            " Wat intussen verandert, wordt daarna bekeken."
        ),
        "alarm_refused_do": (
            "Breng het in orde en typ: slagboom probe {account}. Dat probeert alles wat"
            " nodig is, en noemt wat nog ontbreekt."
        ),
        "alarm_exhausted_subject": (
            "{account} neemt voorlopig niets meer aan van Slagboom"
        ),
        "alarm_exhausted_what": (
            "{account} neemt geen aanvragen meer aan van Slagboom. De melding luidt:"
            " {reason}"
        ),
        "alarm_exhausted_why": (
            "Wat Slagboom daar moet terugzetten en uitleggen, wacht tot die tijd."
        ),
        "alarm_exhausted_do": (
            "Zoek uit welk programma de aanvragen van {account} opmaakt, of laat de"
            " limiet verhogen. Slagboom gaat vanzelf verder."
        ),
        "alarm_link": "Open Slagboom",
        "alarm_over_subject": "Slagboom werkt weer in {account}",
        "alarm_over": (
            "Dit is voorbij: Slagboom werkt weer in {account}, en bekijkt wat intussen"
            " is veranderd. Er hoeft niets meer te gebeuren."
        ),
        "why": "Waarom dit ertoe doet:",
        "do": "Wat je kunt doen:",
        "put_back_yourself": "Zet {the} terug in {stage}.",
        "bring_or_put_back": "Vul aan wat ontbreekt, of zet {the} terug in {stage}.",
        "put_value_back_yourself": "Zet {field} terug op {old}.",
        "exception": "Is dit een uitzondering? Overleg met {sponsor}.",
        "exception_nobody": "Is dit een uitzondering? Overleg met je manager.",
        "open": "Open {name}",
        "open_nameless": "Open {the}",
        "several": "{name}: {count} dingen in orde maken",
        "one": "{name}: {what}",
        "why_word": "{language} voor “{meaning}”",
        "why_own_word": "dat betekent “{meaning}”",
        "why_filler": "een woord dat alleen het veld vult",
        "why_nobody": "een naam die van niemand is",
        "why_label": "hoe het veld heet, niet wat erin hoort",
        "why_punctuation": "alleen leestekens",
        "why_repeated": "steeds hetzelfde teken",
        "why_keyboard": "toetsen of tekens op een rij",
        "why_address": "een adres dat niemand leest",
        "why_same_text": "dezelfde persoon schreef dit in {count} records",
        "why_common": "dit staat in {share} van alle records, dus het vult zichzelf in",
        "meaning_not_applicable": "niet van toepassing",
        "meaning_unknown": "onbekend",
        "meaning_nothing": "niets",
        "meaning_later": "later",
        "language_en": "Engels",
        "language_nl": "Nederlands",
        "language_de": "Duits",
        "language_fr": "Frans",
        "for_stage": " voor {stage}",
        "empty": "(leeg)",
        "yes": "ja",
        "no": "nee",
        "and": " en ",
        "or": " of ",
        "today": "vandaag",
        "now": "nu",
        "day": "d MMMM y",
        "moment": "EEEE d MMMM 'om' HH:mm",
        "moment_with_year": "d MMMM y 'om' HH:mm",
        "condition": "“{text}”",
        "count_at_least": "minstens {count}",
        "count_at_most": "hoogstens {count}",
        "count_exactly": "precies {count}",
        "count_none": "geen {noun}",
        "count_other": "een ander aantal dan {count}",
        "at_least": "{field} van {value} of meer",
        "at_most": "{field} van {value} of minder",
        "more": "{field} boven {value}",
        "less": "{field} onder {value}",
        "equal": "{field} gelijk aan {value}",
        "unequal": "{field} anders dan {value}",
        "filled": "{field} ingevuld",
        "blank": "{field} leeg gelaten",
        "not_before": "{field} op of na {value}",
        "not_after": "{field} op of voor {value}",
        "after": "{field} na {value}",
        "before": "{field} voor {value}",
        "done_by": "Dit is klaar zodra er {kinds} is vastgelegd.",
        "done_by_or_task": (
            "Dit is klaar zodra er {kinds} is vastgelegd of je deze taak afvinkt."
        ),
        "done_by_task": "Dit is klaar zodra je deze taak afvinkt.",
        "came_in": "{name} kwam binnen op {moment}, {ago} geleden.",
        "entered": "{name} staat sinds {moment} in {stage}, nu al {ago}.",
        "unplanned": (
            "{name} heeft geen volgende stap: er staat niets gepland, en sinds {moment}"
            " geen contact meer, nu al {ago}."
        ),
        "settled_planned": (
            "{name} is geregeld: er staat een volgende stap gepland. Dank je wel."
        ),
        "idle": "{name} ligt stil: sinds {moment} geen contact meer, nu al {ago}.",
        "none_logged": "Er is nog geen {bare} vastgelegd.",
        "with": "Dit ligt bij {person}.",
        "with_nobody": "Op dit moment is niemand de eigenaar.",
        "digest_subject": "Er wachten nog {count} zaken op je",
        "digest_subject_one": "Er wacht nog 1 zaak op je",
        "digest_what": (
            "Er kwam op één dag zo veel op je af dat Slagboom een deel heeft bewaard"
            " voor dit ene bericht. Dit ligt er allemaal nog."
        ),
        "digest_why": "Wat hier op je wacht, mag niet worden vergeten.",
        "digest_do": (
            "Klik erop om het te openen. Zodra je er iets aan doet of het plant,"
            " stoppen de herinneringen vanzelf."
        ),
        "told_before": (
            "Slagboom liet dit eerder weten aan {people}, en het ligt er nog."
        ),
        "remind_task": "Herinnering: {task}",
        "remind_quiet": "{name} wacht op je",
        "escalate_subject": "{name} heeft je aandacht nodig",
        "do_task": "Te doen: {task}.",
        "do_contact": "Neem contact op, of plan wanneer je dat doet.",
        "escalate_nobody": "Geef het aan iemand die tijd heeft.",
        "settled_subject": "Geregeld: {name}",
        "settled_contact": "{name} is geregeld: er is contact geweest. Dank je wel.",
        "done_when": "Dit is klaar zodra dit er is: {condition}.",
        "done_when_too": "Ook klaar zodra dit er is: {condition}.",
        "settled_condition": "{name} is geregeld: wat nodig was, is er. Dank je wel.",
        "settled_task": "{name} is geregeld: de taak is afgerond. Dank je wel.",
        "settled_closed": "{name} is afgesloten. Je hoeft hier niets meer te doen.",
        "settled_moved_on": (
            "{name} staat inmiddels in een andere fase. Je hoeft hier niets meer te"
            " doen."
        ),
        "settled_gone": (
            "{name} staat niet meer in het CRM. Je hoeft niets meer te doen."
        ),
    },
)
