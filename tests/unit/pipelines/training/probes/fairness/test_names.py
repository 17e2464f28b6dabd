from collections import Counter

import pytest

from pipelines.training.probes.fairness.grid import NAME_GENDER, NAME_ORIGIN, Column
from pipelines.training.probes.fairness.names import NAMES, TAUGHT_NAMES

BOTH = pytest.mark.parametrize("names", [NAMES, TAUGHT_NAMES])


@BOTH
def test_every_origin_has_as_many_women_as_men(names: tuple[Column, ...]) -> None:
    counts = Counter((column.groups[NAME_ORIGIN], column.groups[NAME_GENDER]) for column in names)

    assert len(counts) == 16
    assert set(counts.values()) == {4}


@BOTH
def test_every_name_is_one_given_and_one_family_name_and_stands_once(names: tuple[Column, ...]) -> None:
    assert all(len(column.filler.split()) == 2 for column in names)
    assert len({column.filler.split()[0] for column in names}) == len(names)
