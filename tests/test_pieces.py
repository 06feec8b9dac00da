"""What fragments are made with: pieces that may be joined, lines that are filled, marks."""

import quopri
import textwrap

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.render.filling import TEXT_WIDTH, fill
from digest.render.marks import Marks
from digest.render.pieces import Made
from digest.render.quoting import quoted

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


@given(texts=st.lists(text))
@example(texts=["a" * 75, "b", " ", "\n", " \n", ".", "\n.\n", "="])
@example(texts=["é" * 13, "a" * 76, "\t", "x" * 74 + "é", "From ", "me"])
def test_pieces_in_a_row_are_the_encoding_of_their_texts_in_a_row(texts: list[str]) -> None:
    pieces = [quoted(each) for each in texts]

    encoded = b"".join(pieces)

    assert quopri.decodestring(encoded.replace(b"\r\n", b"\n")).decode() == "".join(texts)
    assert all(piece.endswith(b"\r\n") for piece in pieces if piece)
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert line.isascii()
        assert b"\r" not in line
        assert b"\n" not in line
        assert not line.endswith((b" ", b"\t"))


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_lines_end_in_one_way_however_they_ended(ends: str) -> None:
    assert quoted(f"one{ends}two{ends}") == b"one\r\ntwo\r\n"


@given(words=st.one_of(text, st.lists(st.text("ab-,."), min_size=1).map(" ".join)))
@example(words="a" * 72)
@example(words=f"{'a' * 71} b")
@example(words=f"{'a' * 36} {'b' * 35} c")
@example(words=" two  spaces ")
def test_lines_are_filled_as_the_standard_library_fills_them(words: str) -> None:
    for first, others in (("", None), ("    ", None), ("    ", "         "), (" 1. ", "    ")):
        expected = textwrap.fill(
            words,
            TEXT_WIDTH,
            initial_indent=first,
            subsequent_indent=first if others is None else others,
            break_long_words=False,
            break_on_hyphens=False,
        )

        assert fill(words, first, others) == expected.replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_between_marks_is_kept_and_holes_take_what_they_are_given() -> None:
    marks = Marks()
    cut = marks.cut(f"Hello {marks.of('name')}, at {marks.of('place')}={marks.of('name')}\n")

    filled = cut.filled({"name": quoted("Ann"), "place": quoted("home")})

    assert cut.holes == ("name", "place", "name")
    assert quopri.decodestring(b"".join(filled)) == b"Hello Ann, at home=Ann\r\n"


@given(words=text)
def test_no_text_has_a_mark_by_itself(words: str) -> None:
    stranger = Marks().of("name")

    assert Marks().cut(f"{words}\ue000{stranger}\ue001").holes == ()


def test_cut_in_half_both_have_their_own_holes() -> None:
    marks = Marks()
    cut = marks.cut("1{}2{}3{}4".format(*map(marks.of, ("one", "papers", "two"))))

    before, after = cut.halves("papers")

    assert b"".join(before.filled({"one": b"a"})) == b"1=\r\na2=\r\n"
    assert b"".join(after.filled({"two": b"b"})) == b"3=\r\nb4=\r\n"


def test_the_number_of_a_paper_takes_no_room_from_its_title() -> None:
    marks = Marks()
    title = "words that are too long for one line " * 4

    filled = marks.fill(title, marks.of("ordinal"), "    ")

    assert filled.replace(marks.of("ordinal"), " 7. ") == fill(title, " 7. ", "    ")


def test_no_more_is_kept_than_was_said() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number * number

    squares = Made(make, 2)
    asked = [squares[number] for number in (1, 2, 1, 3, 1)]

    assert asked == [1, 4, 1, 9, 1]
    assert made == [1, 2, 3, 1]
    assert len(squares) == 2
