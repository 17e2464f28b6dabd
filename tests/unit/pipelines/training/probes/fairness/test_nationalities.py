from collections import Counter

import pytest

from pipelines.training.data import Example, Span
from pipelines.training.probes.edits import edited
from pipelines.training.probes.fairness.grid import NATIONALITY
from pipelines.training.probes.fairness.nationalities import NATIONALITIES, renamed, the_nationality


@pytest.mark.parametrize(
    ("text", "other", "told"),
    [
        ("A German bank was fined", "Italian", "An Italian bank was fined"),
        ("an Indian bank was fined", "Ukrainian", "a Ukrainian bank was fined"),
        ("THE FRENCH TEAM", "Kenyan", "THE KENYAN TEAM"),
        ("those Chinese suppliers", "Dutch", "those Dutch suppliers"),
    ],
)
def test_renamed_puts_another_nationality_with_its_article(text: str, other: str, told: str) -> None:
    found = the_nationality(text, [])

    assert found is not None
    assert edited(Example(text), renamed(found, other)).text == told


@pytest.mark.parametrize(
    "text", ["no nation", "polish the shoes", "German and French banks", "South Korean ferry", "the Chinese yuan", "American Tower fell"]
)
def test_the_nationality_leaves_texts_where_another_makes_no_sense(text: str) -> None:
    assert the_nationality(text, []) is None


def test_the_nationality_leaves_names_alone() -> None:
    assert the_nationality("the British bank", [Span(4, 16, "ORG")]) is None


def test_every_region_has_as_many() -> None:
    assert set(Counter(column.groups[NATIONALITY] for column in NATIONALITIES).values()) == {4}
