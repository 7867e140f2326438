"""Texts for a large archive: what the sample city's people say, and words by Zipf's law in four languages beside it.

The commonest words are those of the sample city's own sentences, so that stemmers, stop words and accents meet what they were
made for; behind them stand invented ones, spoken like the language, as a real archive has a long tail of names and slips.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter

from samplecity import phrases

SPOKEN = {"en": 70, "es": 17, "tl": 8, "vi": 5}
"""The languages, and how many of a hundred texts are in each."""
VOCABULARY = 30_000
_SYLLABLES = {
    "en": "ing er tion ment wood ston field ber ley ard ton ham ster worth den low mar pen tic al",
    "es": "ción mente ado ero illa ón ista dad ez al ina que ñe cal pue tar sol rio ven to",
    "tl": "ang ma pag ka na han in ta la ba li sa yan um mag pa ga lo ki tan",
    "vi": "đường phố nước hội đồng cây công viên trường học sáng tối mưa nắng xe bán nhà quận",
}
_SITE = "https://city.example"


class Texts:
    """A source of texts, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._words = {language: _vocabulary(language, self._dice) for language in SPOKEN}
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(1, VOCABULARY + 1)))
        self._languages, self._shares = list(SPOKEN), list(itertools.accumulate(SPOKEN.values()))
        self._said = [text for each in phrases.OFFICIAL.values() for _, text in each]
        self._replied = phrases.REPLIES

    def one(self, *, official: bool) -> tuple[str, str]:
        """A text and its language: a city's sentence, words by their frequency, or both; of two to a hundred words."""
        dice = self._dice
        (language,) = dice.choices(self._languages, cum_weights=self._shares)
        length = int(min(2 + dice.expovariate(1 / 16), 100))
        words = " ".join(dice.choices(self._words[language], cum_weights=self._weights, k=length))
        if dice.random() > 0.2:  # noqa: PLR2004 - a fifth of all texts
            return words, language
        said = self._said if official else self._replied.get(language) or self._said
        return f"{phrases.fill(dice.choice(said), dice, _SITE)} {words}", language


def _vocabulary(language: str, dice: random.Random) -> list[str]:
    texts = [*phrases.REPLIES.get(language, ()), *phrases.ANSWERS]
    texts += [text for each in phrases.OFFICIAL.values() for spoken, text in each if spoken == language]
    known = Counter(word.lower() for text in texts for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"{\w+}", "", text)))
    words = dict.fromkeys(word for word, _ in known.most_common())
    syllables = _SYLLABLES[language].split()
    while len(words) < VOCABULARY:
        words["".join(dice.choices(syllables, k=dice.randint(2, 4)))] = None
    return list(words)[:VOCABULARY]
