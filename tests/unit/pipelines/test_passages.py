import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.passages import passage

NEW = {"recall": 2.0, "battery": 2.0, "battery fires": 3.0}
LETTER = "I have been a customer for nine years. " * 8 + "Then came the recall after the battery fires. Nobody answers. " + "I wait. " * 40


def test_passage_leaves_a_short_text_as_it_is_on_one_line() -> None:
    assert passage("Apple  recalls\nlaptops", novelty=NEW, longest=40) == "Apple recalls laptops"


def test_passage_begins_where_a_long_text_says_what_is_new() -> None:
    shown = passage(LETTER, novelty=NEW, longest=120)

    assert shown.startswith("… Then came the recall after the battery fires. Nobody answers.")
    assert shown.endswith("…")


def test_passage_begins_at_the_beginning_where_nothing_else_says_more() -> None:
    assert passage(LETTER, novelty={}, longest=120).startswith("I have been a customer")
    assert passage(f"Recall of the battery. {LETTER}", novelty={"recall": 2.0, "battery": 2.0}, longest=120).startswith("Recall of")


def test_passage_ends_with_the_text_where_it_reaches_its_end() -> None:
    text = "I have been a customer for nine years. " * 8 + "Then the battery burnt, a recall they say."

    assert passage(text, novelty=NEW, longest=120) == "… Then the battery burnt, a recall they say."


@given(st.text(max_size=300), st.integers(min_value=10, max_value=80))
@pytest.mark.filterwarnings("error")
def test_passage_is_never_longer_than_asked(text: str, longest: int) -> None:
    assert len(passage(text, novelty={"a": 1.0}, longest=longest)) <= longest
