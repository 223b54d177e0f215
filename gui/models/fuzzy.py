"""Finding by a few letters: how well a pattern fits a text, and which letters of it fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_WHOLE, _START, _WORD, _INSIDE, _SCATTERED = 1000, 800, 600, 400, 100
_BREAKS = frozenset(" /:@-_.…")


def fit(word: str, text: str) -> tuple[int, tuple[int, ...]] | None:
    """How well the lower-case ``word`` fits the lower-case ``text``, and at which letters; None: not at all.

    As it stands is better than scattered, the start of a word better than its middle, a short text better
    than a long one.
    """
    at = text.find(word)
    if at >= 0:
        better = at
        while better > 0 and text[better - 1] not in _BREAKS and (after := text.find(word, better + 1)) >= 0:
            better = after
        at = better if better == 0 or text[better - 1] in _BREAKS else at
        rank = _INSIDE
        if word == text:
            rank = _WHOLE
        elif at == 0:
            rank = _START
        elif text[at - 1] in _BREAKS:
            rank = _WORD
        return rank - min(len(text), 99), tuple(range(at, at + len(word)))
    return _scattered(word, text)


def _scattered(word: str, text: str) -> tuple[int, tuple[int, ...]] | None:
    """The letters of ``word`` in their order; at the starts of words where that can be."""
    places: list[int] = []
    at, score = 0, _SCATTERED
    for letter in word:
        found = text.find(letter, at)
        if found < 0:
            return None
        start = _word_start(letter, text, found)
        if start >= 0 and all(other in text[start + 1 :] for other in word[len(places) + 1 :]):
            found = start
        if found == 0 or text[found - 1] in _BREAKS:
            score += 12
        elif places and found == places[-1] + 1:
            score += 6
        places.append(found)
        at = found + 1
    spread = places[-1] - places[0] - len(places)
    if len(word) < 2 or spread > 8 * len(word):
        return None
    return score - min(spread, 60) - min(len(text), 30), tuple(places)


def _word_start(letter: str, text: str, at: int) -> int:
    while at >= 0 and at and text[at - 1] not in _BREAKS:
        at = text.find(letter, at + 1)
    return at


def match(words: Iterable[str], text: str) -> tuple[int, tuple[int, ...]] | None:
    """All ``words`` (lower case) in ``text``: the scores' sum and every letter; None where one fails."""
    lower = text.lower()
    total, places = 0, set[int]()
    for word in words:
        found = fit(word, lower)
        if found is None:
            return None
        total += found[0]
        places.update(found[1])
    return total, tuple(sorted(places))


def best(
    pattern: str, things: Iterable[T], text: Callable[[T], str], most: int
) -> list[tuple[T, tuple[int, ...]]]:
    """The ``most`` best of ``things`` for what was typed, with the letters that fit."""
    words = pattern.lower().split()
    if not words:
        return [(thing, ()) for thing, _ in zip(things, range(most), strict=False)]
    found: list[tuple[int, int, T, tuple[int, ...]]] = []
    for place, thing in enumerate(things):
        fits = match(words, text(thing))
        if fits is not None:
            found.append((-fits[0], place, thing, fits[1]))
    found.sort(key=lambda item: item[:2])
    return [(thing, places) for _, _, thing, places in found[:most]]
