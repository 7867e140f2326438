"""Which table of a YouTube Takeout a CSV file is, told by the names of its columns, in whatever language they are. Pure.

Takeout names folders, files and columns in the language of the account, and has changed their order, their case and which there
are. The folder and file names are therefore not asked. Known are the names in English, German, Dutch, Spanish, Romanian and
Lithuanian, as far as public readers of such downloads have them.

Sources: platforms.md, section 10; seanbreckenridge/google_takeout_parser (tests/test_csv.py); readers of Takeout in the languages
named; the ids' shapes in developers.google.com/youtube/v3/docs.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMENT_ID = re.compile(r"Ug[\w-]{10,40}(?:\.[\w.-]{10,60})?", re.ASCII)
VIDEO_ID = re.compile(r"[\w-]{11}", re.ASCII)
CHANNEL_ID = re.compile(r"UC[\w-]{22}", re.ASCII)

_NO_WORD = re.compile(r"[\W_]+")
_MANY = 8
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "comment": ("comment id", "kommentar id", "reactie id", "id de comentario", "id ul comentariului", "komentaro id"),
    "text": (
        "comment text", "kommentartext", "reactietekst", "texto del comentario", "textul comentariului", "komentuoti tekstą",
    ),
    "parent": ("parent comment id", "übergeordnete kommentar id"),
    "top": ("top level comment id",),
    "chat": ("live chat id",),
    "chat_text": ("live chat text",),
    "post": ("post id", "beitrags id"),
    "post_text": ("post text", "text des beitrags"),
    "video": ("video id", "id de vídeo", "id de video", "id ul videoclipului", "vaizdo įrašo id"),
    "channel": ("channel id", "kanal id", "kanaal id", "id de canal", "id ul canalului", "kanalo id"),
    "created": (
        "comment create timestamp", "comment creation timestamp", "live chat create timestamp", "post create timestamp",
        "zeitstempel der erstellung des kommentars", "aanmaaktijdstempel reactie",
        "marca de tiempo de creación del comentario", "marcajul temporal de creare a comentariului",
        "komentaro sukūrimo laiko žymė",
    ),
    "price": ("price", "preis", "prijs", "precio", "preț", "kaina"),
    "currency": ("currency code",),
    "title": (
        "video title original", "videotitel original", "videotitel origineel", "título del vídeo original",
        "título del video original", "titlul videoclipului original", "vaizdo įrašo pavadinimas originalas",
    ),
    "description": (
        "video description original", "videobeschreibung original", "videobeschrijving origineel",
        "descripción del vídeo original", "descripción del video original", "descrierea videoclipului original",
        "vaizdo įrašo aprašas originalas",
    ),
    "duration": (
        "approx duration ms", "ungefähre dauer ms", "geschatte duur ms", "duración aproximada ms", "durată aproximativă ms",
        "apytikrė trukmė ms",
    ),
    "language": (
        "video audio language", "audiosprache des videos", "audiotaal van video", "idioma del audio del vídeo",
        "limba conținutului audio din videoclip", "vaizdo įrašo garso takelio kalba",
    ),
    "category": (
        "video category", "videokategorie", "videocategorie", "categoría del vídeo", "categorie de videoclipuri",
        "vaizdo įrašo kategorija",
    ),
    "privacy": ("privacy", "datenschutz", "privacidad", "confidențialitate", "privatumas"),
    "state": ("video state", "videostatus", "estado del vídeo", "starea videoclipului", "vaizdo įrašo būsena"),
    "uploaded": (
        "video create timestamp", "zeitstempel bei videoerstellung", "tijdstempel aanmaaktijd video",
        "marca de tiempo de creación del vídeo", "marcajul temporal de creare a videoclipului",
        "vaizdo įrašo sukūrimo laiko žymė",
    ),
    "published": (
        "video publish timestamp", "zeitstempel bei videoveröffentlichung", "tijdstempel publicatietijd video",
        "marca de tiempo de publicación del vídeo", "marcajul temporal de publicare a videoclipului",
        "vaizdo įrašo paskelbimo laiko žymė",
    ),
    "channel_title": (
        "channel title original", "kanaltitel original", "originele kanaaltitel", "título del canal original",
        "titlul canalului original", "kanalo pavadinimas pradinis",
    ),
    "channel_description": ("channel description original", "kanalbeschreibung original"),
    "channel_visibility": (
        "channel visibility", "kanalsichtbarkeit", "kanaalzichtbaarheid", "visibilidad del canal", "vizibilitatea canalului",
        "kanalo matomumas",
    ),
    "channel_country": ("channel country",),
    "channel_name": (
        "channel vanity url 1 name", "nombre de la url mnemónica del canal 1",
        "numele adresei url personalizate a canalului 1", "1 kanalo reklaminio url pavadinimas",
    ),
}  # fmt: skip
_BY_NAME = {name: role for role, names in _COLUMNS.items() for name in names}
_NUMBERED = {
    "tags": re.compile(r"(?:video )?tag \d+"),
    "images": re.compile(r"(?:post )?image name \d+|image \d+ name|name für bild \d+"),
    "options": re.compile(r".*option.*\d.*"),
    "title_parts": re.compile(r"(?:video title|videotitel) (?:text segments|textabschnitte) \d+"),
    "description_parts": re.compile(r"(?:video description|videobeschreibung) (?:text segments|textabschnitte) \d+"),
}


class Kind(enum.StrEnum):
    """What the rows of a table are."""

    CHANNELS = "channels"
    NAMES = "names"
    VIDEOS = "videos"
    TEXTS = "texts"
    COMMENTS = "comments"
    CHATS = "chats"
    POSTS = "posts"


_NEEDED: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.COMMENTS, frozenset({"comment", "text"})),
    (Kind.CHATS, frozenset({"chat", "chat_text"})),
    (Kind.POSTS, frozenset({"post", "post_text"})),
    (Kind.VIDEOS, frozenset({"video", "title"})),
    (Kind.TEXTS, frozenset({"video", "description_parts"})),
    (Kind.TEXTS, frozenset({"video", "title_parts"})),
    (Kind.NAMES, frozenset({"channel", "channel_name"})),
    (Kind.CHANNELS, frozenset({"channel", "channel_title"})),
)
"""By which columns a table is known; the first that fits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table that is known, and where in a row each of its columns stands."""

    kind: Kind
    places: Mapping[str, tuple[int, ...]]

    def cell(self, cells: Sequence[str], role: str) -> str:
        """The cell of a column; empty where there is none."""
        places = self.places.get(role)
        return cells[places[0]].strip() if places and places[0] < len(cells) else ""

    def cells(self, cells: Sequence[str], role: str) -> list[str]:
        """The cells of a column that there are several of, as they are, in order; empty ones left out."""
        return [cells[place] for place in self.places.get(role, ()) if place < len(cells) and cells[place].strip()]


def table_of(header: Sequence[str]) -> Table | None:
    """The table whose columns these are; None for one that holds nothing that a channel publishes, or is not known."""
    places: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(map(plain, header)):
        role = _BY_NAME.get(name) or next((each for each, shape in _NUMBERED.items() if shape.fullmatch(name)), None)
        if role is not None and (role in _NUMBERED or role not in places):
            places[role] = (*places.get(role, ()), place)
    for kind, needed in _NEEDED:
        if needed <= places.keys():
            return Table(kind, places)
    return None


def is_strange(header: Sequence[str], first: Sequence[str]) -> bool:
    """Whether a table that is not known looks like one of comments, chats, posts or videos in a language that is not known.

    By its first row: comments have ids of their own shape, and only the table of videos has so many columns after an id.
    """
    if any(COMMENT_ID.fullmatch(cell.strip()) for cell in first):
        return True
    return len(header) > _MANY and any(VIDEO_ID.fullmatch(cell.strip()) for cell in first[:1])


def plain(name: str) -> str:
    """The name of a column without its case, hyphens, brackets and kinds of spaces."""
    return " ".join(_NO_WORD.sub(" ", unicodedata.normalize("NFKC", name).casefold()).split())
