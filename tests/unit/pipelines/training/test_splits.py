from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.data import Example
from pipelines.training.splits import held_out, place_of


@given(st.lists(st.text(min_size=1, max_size=12), max_size=40), st.floats(0, 1))
def test_held_out_puts_every_row_on_one_side_and_copies_on_the_same(texts: list[str], share: float) -> None:
    examples = [Example(text, row=row) for row, text in enumerate(texts)]

    kept, held = held_out(examples, share=share)

    assert sorted(example.row for example in [*kept, *held]) == list(range(len(texts)))
    assert not {example.text for example in kept} & {example.text for example in held}


@given(st.lists(st.text(max_size=9), max_size=20), st.text(max_size=9))
def test_held_out_moves_no_row_when_another_comes(texts: list[str], more: str) -> None:
    examples = [Example(text) for text in texts]

    _, before = held_out(examples, share=0.3)
    _, after = held_out([*examples, Example(more)], share=0.3)

    assert after[: len(before)] == before


def test_place_of_sees_neither_case_nor_punctuation() -> None:
    assert place_of("Shares fall!") == place_of("  shares, FALL")


def test_held_out_holds_about_the_share_wanted() -> None:
    _, held = held_out([Example(f"row {number}") for number in range(4_000)], share=0.1)

    assert 300 < len(held) < 500
