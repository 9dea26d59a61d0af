"""Nederlands, over veel records tegelijk: stormen en toestemmingen."""

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "storm_subject": "{process}: {count} records tegelijk verplaatst. Wat nu?",
    "storm_happened": (
        "Binnen tien minuten zijn {count} records gewijzigd tegen het proces {process}"
        " in, de meeste door {who}. Slagboom zet er {returned} terug en stopt dan: dit"
        " proces wordt vanaf nu alleen bekeken."
    ),
    "storm_why": (
        "Een import of een automatisering kan goed bedoeld zijn. Duizenden records"
        " terugzetten kan meer kwaad doen dan ze laten staan."
    ),
    "storm_do": "Geef een van drie antwoorden:",
    "storm_permit": "slagboom storm permit {connection}: laat alles zo staan.",
    "storm_return": "slagboom storm return {connection}: zet alles nu terug.",
    "storm_look": (
        "slagboom storm look {connection}: blijf kijken, en zie wie wat verplaatste."
    ),
    "storm_link": "Open Slagboom",
    "storm_settled_subject": "{process}: beantwoord",
    "storm_settled_permit": (
        "{person} staat toe wat tegen het proces {process} in is gewijzigd. Het blijft"
        " zo staan, en het proces wordt weer gehandhaafd."
    ),
    "storm_settled_return": (
        "{person} laat terugzetten wat tegen het proces {process} in is gewijzigd. Het"
        " proces wordt weer gehandhaafd."
    ),
    "storm_settled_resume": (
        "{person} laat het proces {process} weer handhaven. Wat intussen is gewijzigd,"
        " blijft zo staan."
    ),
}
