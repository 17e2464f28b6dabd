from collections import Counter

from pipelines.training.probes.fairness.grid import NAME_GENDER, NAME_ORIGIN
from pipelines.training.probes.fairness.names import NAMES


def test_every_origin_has_as_many_women_as_men() -> None:
    counts = Counter((column.groups[NAME_ORIGIN], column.groups[NAME_GENDER]) for column in NAMES)

    assert len(counts) == 16
    assert set(counts.values()) == {4}


def test_every_name_is_one_given_and_one_family_name_and_stands_once() -> None:
    assert all(len(column.filler.split()) == 2 for column in NAMES)
    assert len({column.filler.split()[0] for column in NAMES}) == len(NAMES)
