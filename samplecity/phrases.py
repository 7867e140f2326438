"""What the city and its residents say: templates, filled in at random from the city's own places and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

STREETS = (
    "Palmetto Ave",
    "Olive St",
    "Camino del Sol",
    "213th St",
    "Harbor Blvd",
    "Jacaranda Way",
    "Mesa Dr",
    "Calle Alameda",
    "Alondra Ct",
    "Figueroa Pl",
)
PARKS = ("Dominguez Park", "Anza Park", "Veterans Park", "Stevenson Meadow", "Mills Grove", "Parque Hemingway")
ITEMS = (
    "the 2027 budget",
    "rent stabilization",
    "the bike lane plan",
    "street sweeping fines",
    "the tree ordinance",
    "a new skate park",
    "leaf blower hours",
    "the library bond",
)
ASUNTOS = ("el presupuesto de 2027", "la estabilización de rentas", "las ciclovías", "las multas", "los árboles")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
DIAS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado")

OFFICIAL: dict[str, tuple[tuple[str, str], ...]] = {
    "parks": (
        ("en", "{park} is closed {day} from {hour} for tree trimming. Thank you for your patience 🌳 #ParksLPV"),
        ("en", "Movie night at {park} this {day}, gates open at {hour}. Bring a blanket! 🎬🍿"),
        ("en", "The playground at {park} reopens {day} with new swings and a shade cover. {url}"),
        (
            "es",
            "El {park} estará cerrado el {dia} por mantenimiento del riego. Disculpe las molestias. #ParksLPV",
        ),
        ("en", "Registration for youth soccer opens {day} at {hour}. {n} places, fee $25. {url}"),
        ("tl", "Sarado ang {park} sa {day} para sa paglilinis. Salamat po sa pag-unawa."),
    ),
    "streets": (
        ("en", "Crews filled {n} potholes on {street} today. Report a pothole at {url} #FixItLPV"),
        ("en", "Street sweeping on {street} moves to {day} because of the holiday. No parking from {hour}."),
        ("en", "{street} is down to one lane until {day} for sewer repair. Please use {street2} instead 🚧"),
        ("es", "Bacheo en {street} el {dia}: tapamos {n} baches esta semana. Reporte un bache en {url}"),
        ("en", "Bulky item pickup on {street} is {day}. Call {phone} before {hour}."),
        ("en", "Sidewalk repairs begin {day} at {street} and {street2}; cost ${n},000, paid by Measure M."),
    ),
    "safety": (
        ("en", "Traffic collision at {street} and {street2}. Avoid the area until {hour}."),
        ("en", "DUI checkpoint this {day} near {street}. Plan ahead, take a ride home 🚓"),
        ("en", "Lost dog found near {park}, no tag. Call {phone} #FoundPets"),
        ("en", "Red flag warning through {day}. Clear dry brush, keep your phone charged. {url}"),
        ("es", "Aviso: simulacro de emergencia el {dia} a las {hour} cerca de {park}. No se alarme."),
    ),
    "library": (
        ("en", "Story time {day} at {hour}: bilingual books for ages 3-6 📚"),
        ("en", "We have {n} new titles this week, and fines stay at zero. {url}"),
        ("es", "Hora del cuento el {dia} a las {hour}. ¡Gratis para toda la familia!"),
        ("tl", "Libreng klase sa kompyuter sa {day}, alas {hour}. Magdala ng kaibigan."),
        ("en", "The library closes early {day} for staff training."),
    ),
    "council": (
        ("en", "Tonight's council agenda: item {n} is {item}. Public comment at {hour}. {url}"),
        ("en", "Council voted {vote} on {item}. Minutes will be posted {day}."),
        ("en", "Budget workshop on {item} {day} at {hour}, City Hall. Spanish and Tagalog interpreters on request."),
        ("es", "El concejo discutirá {asunto} el {dia} a las {hour}. Comentarios por escrito hasta las 5."),
        ("en", "Applications for the {park} advisory commission close {day}. {url}"),
    ),
    "water": (
        ("en", "Water main break on {street}: {n} homes without water, repair expected by {hour} 💧"),
        ("en", "Hydrant flushing near {park} on {day}. Water may look cloudy; it is safe to drink."),
        ("en", "Our annual water quality report is out: {n} samples, no violations. {url}"),
        ("es", "Fuga de agua en {street}. {n} casas sin servicio hasta las {hour}."),
    ),
    "biblioteca": (
        ("es", "Taller de ciudadanía el {dia} a las {hour}: trámites, niños bienvenidos, café gratis"),
        (
            "es",
            "Exposición “Nuestro barrio”: {n} fotografías de {street} en los años cincuenta — entrada €0, sí, gratis",
        ),
        ("es", "La biblioteca cierra el {dia} por el día de fiesta; los libros no acumulan multas"),
        ("es", "Club de lectura: «Cien años de soledad», sesión {n}, el {dia} a las {hour}"),
    ),
}

REPLIES: dict[str, tuple[str, ...]] = {
    "en": (
        "Thank you! The pothole on {street} took out my tire last week.",
        "When will {street} be done? It has been {n} days.",
        "Why is {item} not on the agenda? We pay ${n} more every year 😡",
        "My kids love {park} ❤️",
        "This is wrong, the sign at {park} says {day}.",
        "Can somebody from the city call me? I filed a report on {day} and heard nothing.",
        "Great job, crew 👏👏",
        "The street sweeper skipped {street} again.",
        "Is the meeting about {item} on video too? I work until {hour}.",
        "Please trim the trees on {street}, they hide the stop sign.",
        "Not the answer I was hoping for. {item} needs a real hearing.",
        "The water on {street} is brown since {day}. Is it safe?",
        "How much did this cost? ${n},000 for {n} feet of sidewalk?",
        "Who do I call about the streetlight at {street} and {street2}?",
        "I spoke at the council meeting on {day} and nobody answered me about {item}.",
        "See https://neighbors.example/{n} for photos of {street}.",
        "+1",
        "🙄🙄🙄",
    ),
    "es": (
        "¿Y cuándo arreglan el bache de {street}? Llevamos {n} días esperando.",
        "Gracias por avisar 🙏 mis niños van a {park} cada {dia}.",
        "El presupuesto para {park} no alcanza, hace falta más luz.",
        "¿Habrá traducción en la junta sobre {asunto}?",
        "Mi calle, {street}, no la barren desde el {dia}.",
    ),
    "tl": (
        "Salamat po! Kailan matatapos ang kalsada sa {street}?",
        "Ang ganda ng {park} ngayon 😊",
        "May lubak pa rin sa {street}, {n} araw na.",
    ),
    "ar": ("شكرًا جزيلًا، متى يفتح {park}؟", "الشارع {street} ما زال مغلقًا منذ {n} أيام 🚧"),
    "he": ("תודה! מתי נפתח {park}?", "יש בור גדול ברחוב {street} כבר {n} ימים"),
}

RESIDENT_POSTS = (
    ("en", "Sunset over {park} tonight 🌅 #LasPalmasVerdes"),
    ("en", "Counted {n} potholes on {street} this morning. Somebody at the city please look."),
    ("es", "Vecinos: junta sobre {asunto} el {dia} en {park}."),
)

ANSWERS = (
    "Thank you for telling us. A crew will look at {street} by {day}.",
    "We have passed this to Public Works, request number {n}.",
    "Gracias por avisarnos; iremos a {street} el {dia}.",
)

ALTS = (
    "Workers in orange vests fill a pothole on {street}",
    "Flyer: meeting about {item}, {day} at {hour}, City Hall",
    "Niños jugando en {park} bajo un árbol grande",
    "Map of {street} with the closed lane marked in red",
)


def fill(template: str, dice: Random, site: str) -> str:
    """Fill a template's places, days and numbers from the dice; `site` is where links lead."""
    street, street2 = dice.sample(STREETS, 2)
    return template.format(
        street=street,
        street2=street2,
        park=dice.choice(PARKS),
        item=dice.choice(ITEMS),
        day=dice.choice(DAYS),
        dia=dice.choice(DIAS),
        hour=f"{dice.randint(6, 11)}:{dice.choice(('00', '15', '30'))}",
        n=dice.randint(3, 98),
        vote=dice.choice(("5-0", "4-1", "3-2", "2-3")),
        phone=f"555-01{dice.randint(0, 99):02d}",
        asunto=dice.choice(ASUNTOS),
        url=f"{site}/n/{dice.randint(1000, 9999)}",
    )
