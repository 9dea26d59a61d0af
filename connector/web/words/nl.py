"""Dutch. `{...}` is filled in, the rest is said as it is."""

from collections.abc import Mapping

DUTCH: Mapping[str, str] = {
    # the frame
    "tagline": "Je verkoopproces, bewaakt.",
    "skip_to_content": "Naar de inhoud",
    "language": "Taal",
    "all_well": "Alles in orde",
    "one_problem": "1 punt vraagt aandacht",
    "many_problems": "{count} punten vragen aandacht",
    "as_of": "Stand van",
    "refresh": "Verversen",
    "pause_updates": "Bijwerken pauzeren",
    "resume_updates": "Bijwerken hervatten",
    "connection_lost": "Slagboom antwoordt niet; wat je ziet kan verouderd zijn.",
    "sign_out": "Afmelden",
    "copy": "Kopiëren",
    "copied": "Gekopieerd",
    # problems
    "problems": "Vraagt aandacht",
    "since": "sinds",
    "times": "{count} keer, laatst",
    "redis_away": (
        "Redis is niet bereikbaar. Er gaat niets verloren: leveringen worden bewaard,"
        " maar niemand handelt ze af. Controleer de server van REDIS_URL."
    ),
    "no_worker": (
        "Er draait geen worker, dus er wordt niets beoordeeld en niemand bericht. Start"
        " er een met `python worker.py`; `slagboom up` start alles."
    ),
    "deliveries_late": (
        "Leveringen die wachten om gelezen te worden: {count}. Groeit het aantal, start"
        " dan meer workers; het log van de worker zegt wat er mis is."
    ),
    "records_late": (
        "Records die wachten om bekeken te worden: {count}. Het CRM is misschien traag"
        " of weigert; het log van de worker zegt wat het is."
    ),
    "clocks_late": (
        "Opvolgingen die bij ons over tijd zijn: {count}. Controleer of de klok en een"
        " worker draaien."
    ),
    "deliveries_dead": (
        "Leveringen die onbegrijpelijk waren en opzijgelegd zijn: {count}."
        " `slagboom deliveries` laat zien waarom."
    ),
    "messages_failed": (
        "Berichten aan mensen die de afgelopen dag niet konden worden bezorgd: {count}."
        " Test je kanalen met `slagboom channels test`."
    ),
    "connection_failing": (
        "De laatste test van {name} is mislukt. Wat er ontbreekt, zegt"
        " `slagboom probe {name}`."
    ),
    "connection_paused": (
        "{name} is gepauzeerd: alles wordt waargenomen, niets teruggezet. Verder gaat"
        " het met `slagboom resume {name}`."
    ),
    "channel_failing": (
        "De laatste test van het kanaal {name} is mislukt. Probeer het opnieuw met"
        " `slagboom channels test {name} --to jij@example.com`."
    ),
    "stream_silent": (
        "{name} vertelt wijzigingen zodra ze gebeuren, maar er is al een tijd niet"
        " geluisterd; intussen worden ze bij het vergelijken gevonden. Start"
        " `slagboom listen`; wat er misgaat staat in het logboek daarvan."
    ),
    # set-up
    "setup": "Inrichting",
    "setup_progress": "{done} van {all} klaar",
    "setup_done": "Alles is ingericht.",
    "done": "Klaar",
    "next": "Nu",
    "later": "Later",
    "do_this": "Typ dit:",
    "connect": "Verbind je CRM",
    "connect_why": (
        "Slagboom heeft toegang tot je CRM nodig, en een geheim waaraan het de webhooks"
        " van het CRM herkent. Beide worden versleuteld bewaard. Typ wat bij je CRM"
        " hoort."
    ),
    "probe": "Test de verbinding",
    "probe_why": "Elk recht dat nodig is wordt geprobeerd; er verandert niets.",
    "import": "Bekijk het account een eerste keer",
    "import_why": (
        "Wat er nu staat is geschiedenis: het wordt onthouden, en niemand wordt ermee"
        " lastiggevallen."
    ),
    "webhook": "Laat het CRM melden wat er verandert",
    "webhook_why": (
        "Dit commando schrijft een project voor het eigen gereedschap van het CRM, dat"
        " de webhooks dan instelt; of vul dit adres zelf in als hun doel. De stap vinkt"
        " zichzelf af zodra de eerste binnenkomt."
    ),
    "webhook_secret": (
        "{place} staat voor het webhook-geheim waarmee het account is gekoppeld. Het"
        " wordt hier niet getoond: haal het daar waar je het bewaart."
    ),
    "webhook_loopback": (
        "Van buiten bereikt niemand dit adres. Zet PUBLIC_URL op het https-adres van"
        " deze server of van je tunnel, en start Slagboom opnieuw."
    ),
    "policy": "Publiceer je beleid",
    "policy_why": (
        "Begin met `enforcement: observe`: je leest dan hieronder wat er gebeurd zou"
        " zijn. `slagboom policy diff` laat het zien voor alles wat er nu staat."
    ),
    "people": "Stel je mensen voor",
    "people_why": (
        "Een lijst met namen, e-mailadressen en leidinggevenden, zodat herinneringen"
        " bij de juiste persoon aankomen."
    ),
    "channel": "Voeg een weg naar hen toe",
    "channel_why": "Slack of een mailserver. Zonder helpen alleen taken in het CRM.",
    "channel_test": "Stuur een testbericht",
    "channel_test_why": "Het neemt de echte weg, zodat je weet dat het werkt.",
    # feed
    "feed": "Wat er gebeurde",
    "feed_empty": "Nog niets.",
    "feed_empty_why": (
        "Zodra iemand een deal tegen het beleid in verplaatst, lees je hier wat er"
        " verplaatst is, waarom het is teruggezet en hoe het afliep. Laat je CRM tot"
        " die tijd gewoon werken: wat in orde is, wordt niet genoemd."
    ),
    "moved": "{from} → {to}",
    "stands_in": "In {to}",
    "created_in": "Aangemaakt in {to}",
    "by": "door {name}",
    "returned": "Teruggezet naar {stage}",
    "held": "Teruggezet naar {stage}; gaat vanzelf naar {hold} zodra alles er is",
    "restored": "Vorige waarden teruggezet",
    "completed": "Alsnog verplaatst naar {to}, nu niets meer ontbreekt",
    "moved_on": "Verplaatst naar {to}, want de feiten zeggen het",
    "released": "Wacht niet langer op de stap naar {to}",
    "flagged": "Blijft staan; een notitie zegt wat er mis is",
    "refused": "Het CRM nam niet aan wat wij schreven",
    "observed": "Alleen waargenomen; er is niets gedaan",
    "superseded": "Niets gedaan: het was al verder",
    "undone": "Ongedaan gemaakt",
    "underway": "Wordt afgehandeld",
    "task_planned": "Taak wordt aangemaakt",
    "task_done": "Taak aangemaakt in het CRM",
    "task_refused": "Het CRM nam de taak niet aan",
    "task_superseded": "Taak niet meer nodig",
    "task_undone": "Taak teruggenomen",
    "answer_allowed": "{person} zei dat dit een antwoord is bij {field}",
    "answer_allowed_ending": "Het telt vanaf dan als ingevuld",
    "answer_revoked": "{person} nam terug dat dit een antwoord is bij {field}",
    "answer_revoked_ending": "Het telt weer als niet ingevuld",
    "reminder": "Herinnering aan {person}",
    "escalation": "Escalatie naar {person}",
    "digest": "Verzamelbericht aan {person}",
    "announcement": "Aankondiging aan {person}",
    "admin": "Bericht aan {person}",
    "message_planned": "onderweg",
    "message_waiting": "wacht op het verzamelbericht",
    "message_digested": "verteld in een verzamelbericht",
    "message_sent": "verstuurd",
    "message_sent_by": "verstuurd via {channel}",
    "message_failed": "niet bezorgd",
    "message_settled": "afgehandeld",
    "record_link": "{name} (opent in het CRM)",
    "deal": "Deal",
    "opportunity": "Opportunity",
    "lead": "Lead",
    "contact": "Contact",
    "company": "Bedrijf",
    "workflow": "een workflow",
    "integration": "een integratie",
    "import_actor": "een import",
    "agent": "een AI-agent",
    "ourselves": "Slagboom",
    # health
    "health": "Hoe het loopt",
    "accounts": "Verbonden accounts",
    "account": "Account",
    "last_webhook": "Laatste webhook",
    "compared_until": "Vergeleken tot",
    "policies": "Beleid",
    "state": "Toestand",
    "never": "nooit",
    "not_yet": "nog niet",
    "none": "geen",
    "working": "werkt",
    "failing": "test mislukt",
    "paused": "gepauzeerd",
    "untested": "niet getest",
    "no_accounts": "Er is nog geen account verbonden; de lijst hierboven zegt hoe.",
    "queues": "Wachtrijen",
    "queue": "Wat er wacht",
    "number": "Aantal",
    "oldest": "Oudste wacht",
    "deliveries_waiting": "Leveringen te lezen",
    "records_due": "Records te bekijken",
    "interventions_planned": "Ingrepen uit te voeren",
    "notifications_waiting": "Berichten te versturen",
    "clocks_due": "Opvolgingen aan de beurt",
    "hints_waiting": "Tips aan workers",
    "workers": "Workers in leven",
    "unknown": "onbekend",
    "open_now": "Nu open",
    "holds_open": "Verplaatsingen die op iets wachten",
    "violations_open": "Open overtredingen van {process}",
    "no_violations": "Open overtredingen",
    # getting in
    "sign_in": "Aanmelden",
    "key": "Paginasleutel",
    "key_hint": "De waarde van SLAGBOOM_PAGE_KEY op de server.",
    "key_wrong": "Dat is de sleutel niet. Kijk naar SLAGBOOM_PAGE_KEY op de server.",
    "too_many": "Te veel verkeerde sleutels. Wacht een minuut en probeer het opnieuw.",
    "closed": "Deze pagina is vanaf hier gesloten",
    "closed_why": (
        "Ze toont namen van klanten en gaat daarom zonder sleutel alleen open op de"
        " machine zelf. Zet SLAGBOOM_PAGE_KEY op een lange willekeurige tekst (minstens"
        " 16 tekens) en start Slagboom opnieuw; daarna kun je je ermee aanmelden."
    ),
    "wrong_host": "Slagboom staat niet op dit adres",
    "wrong_host_why": "Gebruik het adres dat PUBLIC_URL noemt: {url}",
    "not_found": "Deze pagina bestaat niet",
    "not_found_why": "Ga naar de eerste pagina.",
    "signed_in": "Terug van het aanmelden",
    "signed_in_why": (
        "Kopieer het hele adres van deze pagina uit de adresbalk, en plak het in de"
        " terminal waarin `slagboom connect` wacht. Het is één keer geldig."
    ),
    "store_down": "De database antwoordt niet",
    "store_down_why": (
        "Controleer of de server van DATABASE_URL draait; `slagboom doctor` zegt meer."
        " CRM's leveren later opnieuw wat intussen niet bewaard kan worden."
    ),
    "broken": "Er ging bij ons iets mis",
    "broken_why": "Het log van het webproces zegt wat. In je CRM is niets aangeraakt.",
    "to_first_page": "Naar de eerste pagina",
}
