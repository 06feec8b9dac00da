"""Authors, however they are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.authors import from_creators


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        (["Ann Lee"], ("Ann Lee",)),
        (["Lee, Ann"], ("Ann Lee",)),
        (["Lee, Ann", "van der Ek, Bo"], ("Ann Lee", "Bo van der Ek")),
        (["Ann Lee", "Bo Ek"], ("Ann Lee", "Bo Ek")),
        (["Lee, A., Ek, B. C., Poe, D.-E."], ("A. Lee", "B. C. Ek", "D.-E. Poe")),
        (["Lee A, Ek BC, Poe D, et al. "], ("Lee A", "Ek BC", "Poe D")),
        (["Lee, Ann; Ek, Bo;"], ("Ann Lee", "Bo Ek")),
        (["Ann Lee; Bo Ek; et al."], ("Ann Lee", "Bo Ek")),
        (["The Lantern Group, \nAnn Lee, \nBo Ek"], ("The Lantern Group", "Ann Lee", "Bo Ek")),
        (["Ann Lee, Jr.", "Bo Ek"], ("Ann Lee Jr.", "Bo Ek")),
        (["Ann Lee & Bo Ek and Cy Poe"], ("Ann Lee", "Bo Ek", "Cy Poe")),
        (["", " ", ":", "7"], ()),
        ([], ()),
    ],
)
def test_names_are_told_apart_and_turned_round(creators: list[str], names: tuple[str]) -> None:
    assert from_creators(creators) == names


@given(st.lists(st.text(alphabet="AB ab.,;&-() \n", max_size=40), max_size=3))
def test_no_names_crash_it(creators: list[str]) -> None:
    assert all(name.strip() == name for name in from_creators(creators))
