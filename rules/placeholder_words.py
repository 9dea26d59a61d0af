"""The words that people fill a field with to say nothing, by language and meaning.

Written as they are compared: without blanks, punctuation, accents and capitals.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Meaning(StrEnum):
    """What such a word says.

    `filler`: nothing at all, it only fills the field. `nobody`: a person who is none.
    `label`: what the field is called, not what it holds.
    """

    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    NOTHING = "nothing"
    LATER = "later"
    FILLER = "filler"
    NOBODY = "nobody"
    LABEL = "label"


EVERYWHERE = ""
"""The language of words that are the same in all."""

_WORDS: Mapping[str, Mapping[Meaning, str]] = {
    "en": {
        Meaning.NOT_APPLICABLE: "notapplicable doesnotapply notrelevant",
        Meaning.UNKNOWN: """
            notavailable notknown notyetknown unknown unspecified undefined undetermined
            dontknow idontknow noidea idk notsure unsure
        """,
        Meaning.NOTHING: """
            none nil null nothing empty blank notset nomail noemail noname nophone
            noanswer noinfo noinformation nodata
        """,
        Meaning.LATER: """
            tbd tba tbc todo tobedetermined tobedecided tobeannounced tobeconfirmed
            tobedefined tofollow willfollow fillin fillinlater tofillin later notyet
            notdecided undecided
        """,
        Meaning.FILLER: """
            dummy fake sample example placeholder whatever something sometext randomtext
        """,
        Meaning.NOBODY: "somebody someone johndoe janedoe joebloggs",
        Meaning.LABEL: """
            firstname lastname firstnamelastname fullname yourname companyname
        """,
    },
    "nl": {
        Meaning.NOT_APPLICABLE: "nvt nietvantoepassing nietrelevant",
        Meaning.UNKNOWN: """
            nietbekend nognietbekend nnb onbekend nogonbekend onbek geenidee weetniet
            weetikniet ikweethetniet weetiknogniet
        """,
        Meaning.NOTHING: """
            geen geeninfo geeninformatie geengegevens geennaam geenemail geenmail
            geentelefoon geennummer geenantwoord leeg niks niets nietingevuld
        """,
        Meaning.LATER: """
            ntb nadertebepalen nogtebepalen tebepalen ntv volgt volgtnog volgtlater
            komtnog komtlater invullen noginvullen nogintevullen intevullen nogniet
            nognietingevuld nogtevragen nogvragen navragen uitzoeken noguitzoeken
        """,
        Meaning.FILLER: "voorbeeld zomaar iets tekst 0612345678 31612345678",
        Meaning.NOBODY: "iemand janmodaal pietjepuk",
        Meaning.LABEL: """
            voornaam achternaam voornaamachternaam bedrijfsnaam uwnaam jenaam
        """,
    },
    "de": {
        Meaning.NOT_APPLICABLE: """
            nichtzutreffend trifftnichtzu nichtanwendbar nichtrelevant entfallt
        """,
        Meaning.UNKNOWN: """
            keinahnung keineahnung nichtbekannt nochnichtbekannt unbekannt nochunbekannt
            weissnicht ichweissnicht weissichnicht
        """,
        Meaning.NOTHING: """
            keine keiner keines keineangabe keineangaben ohneangabe keinname keinemail
            keineemail keintelefon nichtvorhanden nichts
        """,
        Meaning.LATER: """
            folgt folgtnoch kommtnoch nochoffen nochnicht wirdnachgereicht nachzureichen
            nochzuklaren zuklaren wirdgeklart inklarung spater
        """,
        Meaning.FILLER: "beispiel platzhalter irgendwas",
        Meaning.NOBODY: "mustermann maxmustermann erikamustermann musterfrau jemand",
        Meaning.LABEL: "vorname nachname vornamenachname firmenname",
    },
    "fr": {
        Meaning.NOT_APPLICABLE: """
            sansobjet nonapplicable neconcernepas nonpertinent paspertinent
        """,
        Meaning.UNKNOWN: """
            inconnu inconnue aucuneidee nonconnu pasconnu nsp jenesaispas saispas
            indetermine
        """,
        Meaning.NOTHING: """
            aucun aucune aucunnom aucunmail vide neant pasdenom pasdemail
            nonrenseigne nonprecise nondisponible
        """,
        Meaning.LATER: """
            nondefini adefinir adeterminer aconfirmer apreciser acompleter arenseigner
            aremplir asuivre plustard enattente
        """,
        Meaning.FILLER: "exemple nimportequoi untexte",
        Meaning.NOBODY: "quelquun",
        Meaning.LABEL: "prenom nomprenom prenomnom nomdefamille",
    },
    EVERYWHERE: {
        Meaning.FILLER: "temp tmp foo foobar loremipsum blah abc123",
    },
}

WORDS: Mapping[str, tuple[str, Meaning]] = MappingProxyType(
    {
        word: (language, meaning)
        for language, meanings in reversed(list(_WORDS.items()))
        for meaning, words in meanings.items()
        for word in words.split()
    }
)
"""The language and meaning of each word; of one that two have, the first of them."""

DOTTED: Mapping[str, tuple[str, Meaning]] = MappingProxyType(
    {
        "ka": ("de", Meaning.NOTHING),
        "na": ("en", Meaning.NOT_APPLICABLE),
        "nb": ("nl", Meaning.UNKNOWN),
        "nc": ("fr", Meaning.NOTHING),
        "nd": ("fr", Meaning.NOTHING),
        "nr": ("fr", Meaning.NOTHING),
        "pm": ("nl", Meaning.LATER),
        "so": ("fr", Meaning.NOT_APPLICABLE),
    }
)
"""Abbreviations that are names or words without their dots."""
