"""What every perturbation must hold to, whatever it does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.training.data import Example, Span
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.perturbations.registry import PERTURBATIONS, chosen

PIECES = (
    "Tim Cook", "Apple Inc.", "didn't", "never", "profit", "falls", "https://t.co/x1", "@tim_c", "#news", "3.5%", "U.S.", "-", "great!",
    "well-known", "\u00df", "\u0130stanbul", "\U0001f600", "\n", "it's", "(", ")", "is not good",
)  # fmt: skip
EVERY = pytest.mark.parametrize("perturbation", PERTURBATIONS.values(), ids=PERTURBATIONS)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """A text of many kinds of pieces, some of which are mentions."""
    text, spans = "", []
    for piece, group in draw(
        st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(("", "PER", "ORG", "LOC"))), min_size=1, max_size=12)
    ):
        if group and piece.strip():
            spans.append(Span(len(text), len(text) + len(piece), group))
        text += piece + draw(st.sampled_from(("", " ")))
    return Example(text, spans=tuple(spans))


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


@EVERY
@settings(max_examples=50)
@given(example=examples(), seed=st.integers(0, 99))
def test_perturbation_keeps_every_span_on_its_words(perturbation: Perturbation, example: Example, seed: int) -> None:
    changed = perturbation.apply(example, mentions=example.spans, seed=seed)

    assert [span.label for span in changed.spans] == [span.label for span in example.spans]
    for before, after in zip(example.spans, changed.spans, strict=True):
        old, new = example.text[before.start : before.end], changed.text[after.start : after.end]
        assert new.strip()
        if perturbation.name in ("lower", "upper", "title", "punctuation"):
            assert letters(new) == letters(old)
        if perturbation.name in ("urls", "emoji", "hashtags"):
            assert new == old


@EVERY
@settings(max_examples=50)
@given(example=examples(), seed=st.integers(0, 99))
def test_perturbation_gives_the_same_for_the_same_text_and_seed(perturbation: Perturbation, example: Example, seed: int) -> None:
    one, two = (perturbation.apply(example, mentions=example.spans, seed=seed) for _ in range(2))

    assert one == two


@EVERY
def test_perturbation_leaves_labels_and_the_given_text_alone(perturbation: Perturbation) -> None:
    example = Example("Shares of Apple didn't fall, it says.", label="positive", source="wire", row=7)

    changed = perturbation.apply(example, mentions=(Span(10, 15, "ORG"),))

    assert (changed.label, changed.source, changed.row) == ("positive", "wire", 7)
    assert changed.text != example.text == "Shares of Apple didn't fall, it says."


@EVERY
@pytest.mark.parametrize("text", ["", " ", "1", "\U0001f600", "@a", "I"])
def test_perturbation_bears_texts_with_little_in_them(perturbation: Perturbation, text: str) -> None:
    assert isinstance(perturbation.apply(Example(text)).text, str)


def test_chosen_returns_all_or_the_named() -> None:
    assert chosen([]) == list(PERTURBATIONS.values())
    assert [one.name for one in chosen(["upper", "typos"])] == ["upper", "typos"]


def test_chosen_lists_what_there_is() -> None:
    with pytest.raises(ValueError, match="no perturbation 'noise'; there are typos, lower"):
        chosen(["noise"])
