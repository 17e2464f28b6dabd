import pytest

from pipelines.training.data import Example
from pipelines.training.probes.perturbations.negation import NEGATION


@pytest.mark.parametrize(
    ("text", "reworded"),
    [
        ("The app isn't free", "The app is not free"),
        ("The app is not free", "The app isn't free"),
        ("It is not good", "It is far from good"),
        ("They didn't answer", "They failed to answer"),
        ("They didn\u2019t want it", "They did not want it"),
        ("I CAN'T log in", "I CAN BY NO MEANS log in"),
        ("Never again", "At no time again"),
        ("Nobody called, nothing came", "Not one person called, not a thing came"),
        ("It fails to load without delay", "It does not load with no delay"),
        ("There's no reply", "There is not any reply"),
    ],
)
def test_negation_is_reworded(text: str, reworded: str) -> None:
    assert NEGATION.apply(Example(text)).text == reworded


@pytest.mark.parametrize("text", ["I can't wait", "Never mind", "All is well", "without paying a fee", "nothing but praise"])
def test_what_denies_nothing_stays(text: str) -> None:
    assert NEGATION.apply(Example(text)).text == text
