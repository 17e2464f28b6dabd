import pytest

from pipelines.explain.places import find_place
from pipelines.explain.values import Place, Unexplainable


def test_find_place_takes_whole_words_of_any_case_in_turn() -> None:
    text = "Golden Gate: GOLD up, gold down"

    assert find_place(text, "gold") == Place("GOLD", 13, 17)
    assert find_place(text, " Gold ", occurrence=2) == Place("gold", 22, 26)
    assert find_place("buy $AAPL now", "$aapl") == Place("$AAPL", 4, 9)


@pytest.mark.parametrize(
    ("phrase", "occurrence", "message"),
    [
        ("silver", 1, "does not hold 'silver'; give it as the text writes it"),
        ("old", 1, "only within a longer word"),
        ("gold", 3, "only 2 times"),
        (" ", 1, "--towards is empty"),
    ],
)
def test_find_place_says_why_it_finds_nothing(phrase: str, occurrence: int, message: str) -> None:
    with pytest.raises(Unexplainable, match=message):
        find_place("Gold up, gold down", phrase, occurrence=occurrence)
