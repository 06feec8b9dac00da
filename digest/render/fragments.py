"""Fragments: what no reader changes in a digest, rendered and encoded once."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cached_property, partial

from markupsafe import escape

from digest.card import Card, Reason, chips
from digest.clock import Timetable
from digest.language import Language
from digest.match import Picked
from digest.render import wording
from digest.render.entry import ordinal
from digest.render.filling import fill
from digest.render.marks import Cut
from digest.render.page import MOST_BYTES, DigestPage
from digest.render.pieces import Envelope, Groups, Made, Occasion, Person, When, Why, Written, keep
from digest.render.plates import Frame, Plates, chip_hole
from digest.render.quoting import LINE, SOFT, quoted
from digest.render.reasons import is_by_day, is_told, told
from digest.render.timetables import schedule

MOST_PAPERS = 99
"""In a digest: the number of one more would take more room than others."""

# Of a kind; a thousand cards are some 8 MB, a thousand frames 15 MB, others less than 1 MB.
_MOST_CARDS, _MOST_FRAMES, _MOST_OTHERS = 2_000, 500, 10_000

_BESIDES, _BESIDES_A_PAPER = 10_000, 1_000
"""Bytes of HTML: more than subject, preheader and links have, than a heading and two links have."""

_NOBODY = "\0nobody"
"""Who wrote a finding that there is not."""

_NUMBERS = [quoted(ordinal(number)) for number in range(MOST_PAPERS + 1)]
_PLACES = [quoted(f"/{place}") for place in range(MOST_PAPERS + 1)]
_BETWEEN = quoted(wording.BETWEEN)

_FIRST, _LAST, _LEAD, _KINDS = 1, 2, 4, 8
"""What a card may be: the first or the last of its group, the first of all."""


class Fragments:
    """Digests of the papers on *cards* in one language, which is spoken meanwhile."""

    def __init__(self, plates: Plates, cards: Sequence[Card], language: Language) -> None:
        self.cards, self.language = cards, language
        self.tag = language.tag
        self.paper_ids = [card.paper_id for card in cards]
        self._plates = plates
        self._writers = [card.summary_by if card.finding else _NOBODY for card in cards]
        self._samples = {row for row, card in enumerate(cards) if card.sample}
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._shelves = Made(self._shelf, _MOST_OTHERS)
        self._pieces: dict[bytes, bytes] = {}
        self._longest_card = self._longest_why = 0
        self._headings = Made(self._heading, _MOST_OTHERS)
        self._subjects = Made(self._subject, _MOST_OTHERS)
        self._gists = Made(self._gist, _MOST_OTHERS)
        self._whys: tuple[dict[int, Why], dict[int, Why]] = ({}, {})
        self._shapes = Made(self._shape, _MOST_OTHERS)
        self._reasons = Made(self._reason, _MOST_OTHERS)
        self._because = Made(self._because_of, _MOST_OTHERS)

    def digest(
        self,
        occasion: Occasion,
        person: Person,
        picks: Sequence[Picked],
        groups: Groups,
        *,
        hour: int,
        wanted: int,
        page: Callable[[], DigestPage],
        envelope: Envelope,
    ) -> Written:
        """
        Return the digest of *picks*, in *groups*, for *person*.

        It is the same that the renderer makes of *page*, which is asked for only where nothing
        like it was written before.
        """
        rows = [pick.place for pick in picks]
        frame = self._frame(occasion, rows, hour, wanted, page)
        subject, title = self._subjects[*rows[:2], -len(rows)]
        because, because_text = self._told_because(person.email, person.when)
        manage, pause, leave, view, rate = [
            token.encode() + SOFT if len(token) < LINE else quoted(token) for token in person[2:]
        ]
        values = {
            "subject": title,
            "preheader": self._preheader(rows, frame),
            "manage": manage,
            "pause": pause,
            "leave": leave,
            "view": view,
            "because": because,
            "becausetext": because_text,
        }
        whys = self._told(picks, by_day=is_by_day(occasion.cadence))
        text, html = self._papers(occasion.day, rows, groups, whys, rate)
        fits = self._fits(html, frame, len(rows))
        return Written(subject, frame.around(text, html, values, envelope), fits, whys)

    def _fits(self, html: Sequence[bytes], frame: Frame, papers: int) -> bool:
        around = frame.html_bytes + _BESIDES
        longest = self._longest_card + self._longest_why + _BESIDES_A_PAPER
        # Most are so far below that there is no need to add them up. Encoded all is longer.
        return around + papers * longest <= MOST_BYTES or around + sum(map(len, html)) <= MOST_BYTES

    def _frame(
        self,
        occasion: Occasion,
        rows: Sequence[int],
        hour: int,
        wanted: int,
        page: Callable[[], DigestPage],
    ) -> Frame:
        writers = self._writers
        key = (
            occasion,
            len(rows),
            wording.part_of_day(hour),
            wording.is_quiet(len(rows), wanted),
            bool(self._samples) and not self._samples.isdisjoint(rows),
            frozenset([writers[row] for row in rows]),
        )
        found = self._frames.get(key)
        return found or keep(self._frames, key, self._plates.frame(page()), _MOST_FRAMES)

    def _papers(
        self, day: str, rows: Sequence[int], groups: Groups, whys: Sequence[Why], rate: bytes
    ) -> tuple[list[bytes], list[bytes]]:
        text: list[bytes] = []
        html: list[bytes] = []
        shelves, number, lead = self._shelves[day[:4]], 0, _LEAD
        for title, places in groups:
            heading = self._headings[title, lead]
            html.append(heading[0])
            text.append(heading[1])
            first, end = _FIRST, places[-1]
            for place in places:
                kind = first + lead + (_LAST if place == end else 0)
                a, b, c, d, u, v, w, x, y = shelves[kind][rows[place]]
                why, rated = whys[place], rate + _PLACES[place]
                number += 1
                html += (a, why[1], b, rated, c, rated, d)
                text += (u, _NUMBERS[number], v, why[2], w, rated, x, rated, y)
                first = lead = 0
        return text, html

    def _shelf(self, year: str) -> list[Made[int, tuple[bytes, ...]]]:
        """Return the cards of a mail of *year*: of each kind, by the row of their papers."""
        # Of a day a card tells no more than whether it is of the same year.
        day = date(int(year), 1, 1)
        texts = Made(partial(self._card_text, day), _MOST_CARDS)
        return [Made(partial(self._card, day, texts, kind), _MOST_CARDS) for kind in range(_KINDS)]

    def _card_text(self, day: date, row: int) -> tuple[bytes, ...]:
        return self._shared(self._plates.card_text(self.cards[row], day))

    def _card(
        self, day: date, texts: Made[int, tuple[bytes, ...]], kind: int, row: int
    ) -> tuple[bytes, ...]:
        first, last, lead = (bool(kind & flag) for flag in (_FIRST, _LAST, _LEAD))
        html = self._plates.card(self.cards[row], day, first=first, last=last, lead=lead)
        self._longest_card = max(self._longest_card, sum(map(len, html)))
        return *self._shared(html), *texts[row]

    def _shared(self, pieces: Iterable[bytes]) -> tuple[bytes, ...]:
        # Most of a card is the same in all kinds, and some of it in all cards.
        return tuple([keep(self._pieces, piece, piece, 10 * _MOST_CARDS) for piece in pieces])

    def _heading(self, key: tuple[str, int]) -> tuple[bytes, bytes]:
        title, opening = key
        return self._plates.heading(title, opening=bool(opening))

    def _subject(self, key: tuple[int, ...]) -> tuple[str, bytes]:
        *rows, papers = key
        subject = wording.subject_of([self.cards[row].title for row in rows], -papers)
        return subject, quoted(escape(subject))

    def _preheader(self, rows: Sequence[int], frame: Frame) -> bytes:
        writers = self._writers
        found = [row for row in wording.previewed(rows) if writers[row] is not _NOBODY]
        if not found:
            return frame.lede
        count = len(found)
        return _BETWEEN.join([self._gists[row, count] for row in found])

    def _gist(self, key: tuple[int, int]) -> bytes:
        row, findings = key
        return quoted(escape(wording.gist(self.cards[row].finding, findings)))

    def _told(self, picks: Sequence[Picked], *, by_day: bool) -> list[Why]:
        # Readers share them, so they are known again by where in memory they are; and nothing else
        # is there, as long as they are kept.
        whys = self._whys[by_day]
        return [
            whys.get(id(pick.reasons)) or self._why(pick.reasons, by_day=by_day) for pick in picks
        ]

    def _why(self, reasons: tuple[Reason, ...], *, by_day: bool) -> Why:
        shown = [reason for reason in reasons if is_told(reason, by_day=by_day)]
        parts = [self._reasons[reason.lead, reason.chips, n == 0] for n, reason in enumerate(shown)]
        html, text = b"".join(part[0] for part in parts), b"".join(part[1] for part in parts)
        self._longest_why = max(self._longest_why, len(html))
        why = Why(reasons, html, text, json.dumps(chips(reasons)))
        return keep(self._whys[by_day], id(reasons), why, _MOST_OTHERS)

    def _reason(self, key: tuple[str, tuple[str, ...], bool]) -> tuple[bytes, bytes]:
        lead, names, first = key
        said = told(Reason(lead, names))
        html = self._shapes[len(said.chips), first]
        values = {chip_hole(n): quoted(escape(chip)) for n, chip in enumerate(said.chips)}
        values["lead"] = quoted(escape(said.lead))
        return b"".join(html.filled(values)), quoted(self._why_text(said.sentence))

    def _shape(self, key: tuple[int, bool]) -> Cut:
        chips, first = key
        return self._plates.why(chips, first=first)

    @cached_property
    def _why_text(self) -> Callable[[str], str]:
        return self._plates.why_text()

    def _told_because(self, email: str, when: When) -> tuple[bytes, bytes]:
        """Return why the mail came, for both parts."""
        before, after, text_before, text_after = self._because[when, len(email)]
        html, text = quoted(escape(email)), quoted(email)
        return before + html + after, text_before + text + text_after

    def _because_of(self, key: tuple[When, int]) -> tuple[bytes, ...]:
        when, letters = key
        # How lines are filled depends on no more of an address than its length.
        address = "\ue000" * letters
        said = wording.reason_for(address, schedule(Timetable(*when)))
        html, text = escape(said).split(address), fill(said).split(address)
        return tuple(map(quoted, [*html, *text]))
