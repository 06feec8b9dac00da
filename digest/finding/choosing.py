"""Choosing: which sentence of an abstract tells the finding, by a sum of what is seen of each."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from digest.finding import cues
from digest.finding.cues import Cue
from digest.finding.sentences import sentences

WEIGHTS = {
    Cue.GAIN: 1.0,
    Cue.SHOW: 0.9,
    Cue.NAMED: 0.8,
    Cue.NUMBER: 0.7,
    Cue.COMPARISON: 0.6,
    Cue.OPENS: 0.3,
    Cue.RESULT: 0.2,
    Cue.PROPOSAL: -0.1,
    Cue.LONG: -0.4,
    Cue.LAST: -0.4,
    Cue.BEFORE: -0.6,
    Cue.SHORT: -0.8,
    Cue.QUESTION: -1.1,
    Cue.LEANS: -1.2,
    Cue.AVAILABLE: -1.5,
}
"""What each cue adds; `docs/matching.md` says how that was found."""
PLACE = 0.9
"""What the place of a sentence adds: nothing for the first, all of it for the last."""
MOST_GAINS = 2
SHORTEST, LONGEST = 45, 300

_CUE_WORDS = frozenset(cues.BY_WORD)
_cue = cues.BY_WORD.__getitem__
_weight = WEIGHTS.__getitem__
_NUMBER = re.compile(
    "[0-9](?:[%\N{MULTIPLICATION SIGN}\N{GREEK SMALL LETTER SIGMA}]"
    r"|\.[0-9]|\\%|x\b|-?fold|\s(?:%|times|points))"
)
_NAME = re.compile(r"[^\s:]{2,24}(?=:)")
# Without these a sentence says the same when it stands alone.
_LEAD_IN = re.compile(
    r"(?:(?:Additionally|Also|As a result|Besides|Consequently|Crucially|Finally|Further"
    r"|Furthermore|Hence|Here|However|Importantly|In addition|In contrast|In particular"
    r"|In this (?:article|letter|paper|study|work)|Lastly|Moreover|Nevertheless|Nonetheless"
    r"|Notably|On the other hand|Overall|Remarkably|Specifically|Therefore|Together|Thus),"
    r"|(?:Results?|RESULTS?|Conclusions?|CONCLUSIONS?|Findings):|\((?:[ivx]{1,4}|[1-9])\)) (?=\S)"
)
_PLAIN_WORD = re.compile(r"[a-z]+(?![\w+-])")


class Judged(NamedTuple):
    """A sentence with what is seen of it, a cue as often as it counts, and what that sums up to."""

    sentence: str
    cues: Sequence[Cue]
    score: float


def telling(title: str, abstract: str) -> str:
    """
    Return the sentence of *abstract* that tells the finding best, "" if there is none.

    It is whole, and in the abstract's words, but for a lead-in such as "Furthermore, ".
    """
    found = judged(title, abstract)
    # Of equals the later one: an abstract comes to its point at the end.
    return alone(max(reversed(found), key=lambda each: each.score).sentence) if found else ""


def judged(title: str, abstract: str) -> list[Judged]:
    """Return all sentences of *abstract*, in their order, as they were weighed."""
    found = sentences(abstract)
    last = len(found) - 1
    step = PLACE / max(last, 1)
    name = _NAME.match(title)
    named = name[0] if name else None
    weighed, before = [], ""
    for place, sentence in enumerate(found):
        seen = _seen(sentence)
        if named and named in sentence:
            seen.append(Cue.NAMED)
        if before in cues.RESULT_HEADINGS:
            seen.append(Cue.OPENS)
        if place == last:
            seen.append(Cue.LAST)
        score = place * step + sum(map(_weight, seen))
        weighed.append(Judged(sentence, seen, score))
        before = sentence
    return weighed


def alone(sentence: str) -> str:
    """Return *sentence* as it stands alone: without a lead-in that ties it to others."""
    rest = _LEAD_IN.sub("", sentence, count=1) if _LEAD_IN.match(sentence) else sentence
    if rest is not sentence and _PLAIN_WORD.match(rest):
        return rest[0].upper() + rest[1:]
    return rest


def _seen(sentence: str) -> list[Cue]:
    """Return what is seen of *sentence* without looking at the others."""
    words = _CUE_WORDS.intersection(sentence.lower().split())
    of_words = list(map(_cue, words))
    seen = list(set(of_words))
    if of_words.count(Cue.GAIN) >= MOST_GAINS:
        seen.append(Cue.GAIN)
    if _NUMBER.search(sentence):
        seen.append(Cue.NUMBER)
    if sentence.startswith(cues.RESULT_OPENINGS):
        seen.append(Cue.OPENS)
    elif sentence.startswith(cues.LEANING_OPENINGS):
        seen.append(Cue.LEANS)
    if "://" in sentence and Cue.AVAILABLE not in seen:
        seen.append(Cue.AVAILABLE)
    if sentence[-1] == "?":
        seen.append(Cue.QUESTION)
    if not SHORTEST <= len(sentence) <= LONGEST:
        seen.append(Cue.SHORT if len(sentence) < SHORTEST else Cue.LONG)
    return seen
