"""The residents, who reply, post and quote."""

from __future__ import annotations

from dataclasses import dataclass

from samplecity.ids import did_plc

_NAMES = (
    "Marisol Vega", "Trevor Blount", "Keiko Yamada", "Lamar Jefferson", "Rosa Delgado", "Ben Aquino", "Grace Okonkwo",
    "Hal Petersen", "Divya Raman", "Jun Santos", "Amira Haddad", "Peggy Lund", "Oscar Villalobos", "Tasha Greene",
    "Minh Nguyen", "Celeste Fournier", "Ramon Bautista", "Willa Stone", "Yusuf Demir", "Noa Levi", "Carmen Ibarra",
    "Dexter Poole", "Liza Manalo", "Frank Abruzzo", "Inés Carrillo", "Sione Tau", "Bea Hollis", "Omar Farouk",
    "Gloria Reyes", "Theo Marsh", "Paloma Núñez", "Arvid Berg", "Jasmine Cole", "Rey Dimaculangan", "Shira Azoulay",
    "Manny Ochoa",
)  # fmt: skip

_EMOJI = ("", "", "", " 🌴", " 🚲", " 🐕")
_PLAIN = str.maketrans("éúñí ", "euni-")


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in the city.

    Attributes:
        key: short name, also the first label of the handle.
        name: display name.
        languages: what they write in, first choice first.
    """

    key: str
    name: str
    languages: tuple[str, ...]

    @property
    def did(self) -> str:
        """Their stable id."""
        return did_plc("resident/" + self.key)

    @property
    def handle(self) -> str:
        """Their handle at the start."""
        return f"{self.key}.neighbors.test"


_TONGUES = {
    "es": ("Vega", "Delgado", "Villalobos", "Ibarra", "Carrillo", "Ochoa", "Núñez"),
    "tl": ("Aquino", "Santos", "Bautista", "Manalo", "Dimaculangan"),
    "ar": ("Haddad", "Farouk"),
    "he": ("Levi", "Azoulay"),
}


def _resident(number: int, name: str) -> Resident:
    family = name.rsplit(maxsplit=1)[-1]
    extra = tuple(tongue for tongue, families in _TONGUES.items() if family in families)
    key = name.lower().translate(_PLAIN)
    return Resident(key, name + _EMOJI[number % len(_EMOJI)], (*extra, "en"))


RESIDENTS: tuple[Resident, ...] = tuple(_resident(number, name) for number, name in enumerate(_NAMES))
RESIDENT_BY_KEY = {resident.key: resident for resident in RESIDENTS}
