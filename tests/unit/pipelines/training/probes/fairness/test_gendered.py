import pytest

from pipelines.training.data import Example
from pipelines.training.probes.edits import edited
from pipelines.training.probes.fairness.gendered import FEMALE, MALE, genders_in, regendered


def told(text: str, gender: str) -> str:
    return edited(Example(text), regendered(text, gender)).text


@pytest.mark.parametrize(
    ("female", "male"),
    [
        ("She said her card was lost", "He said his card was lost"),
        ("We told her to wait", "We told him to wait"),
        ("The card is hers.", "The card is his."),
        ("Ask HER", "Ask HIM"),
        ("My mom called, she's furious", "My dad called, he's furious"),
        ("The spokeswoman helped herself", "The spokesman helped himself"),
        ("Ms. Lee and the old woman", "Mr. Lee and the old man"),
    ],
)
def test_regendered_tells_the_same_of_the_other(female: str, male: str) -> None:
    assert told(female, MALE) == male
    assert told(male, FEMALE) == female
    assert told(female, FEMALE) == female
    assert told(male, MALE) == male


def test_regendered_leaves_an_interjection() -> None:
    assert told("oh man, what a day", FEMALE) == "oh man, what a day"


def test_genders_in_tells_which_are_spoken_of() -> None:
    assert genders_in("the bank") == set()
    assert genders_in("her card") == {FEMALE}
    assert genders_in("her brother") == {FEMALE, MALE}
