from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.offsets import Edit, Readable


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(alphabet="abc", min_size=1, max_size=30))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    kept = [pair for pair in pairwise(cuts) if draw(st.booleans())]
    return text, [Edit(start, end, draw(st.text(alphabet="XY", max_size=3))) for start, end in kept]


@given(edited_texts())
def test_rewritten_replaces_what_the_edits_say(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected = text
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.new + expected[edit.end :]

    reading = Readable(text, text).rewritten(edits)

    assert reading.text == expected
    assert reading.original == text


@given(edited_texts())
def test_span_leads_each_kept_character_back_to_itself_and_each_new_one_to_its_edit(case: tuple[str, list[Edit]]) -> None:
    text, edits = case

    reading = Readable(text, text).rewritten(edits)

    for position, character in enumerate(reading.text):
        start, end = reading.span(position, position + 1)
        if character in "abc":
            assert (text[start:end], end - start) == (character, 1)
        else:
            assert any((edit.start, edit.end) == (start, end) for edit in edits)


def test_span_leads_back_through_every_rewriting() -> None:
    reading = Readable("one  two three", "one  two three").rewritten([Edit(3, 5, " ")]).rewritten([Edit(4, 7, "[x]")])

    assert reading.text == "one [x] three"
    assert reading.span(4, 7) == (5, 8)
    assert reading.span(0, len(reading.text)) == (0, 14)


def test_rewritten_without_edits_is_the_same_reading() -> None:
    reading = Readable("a", "a")

    assert reading.rewritten([]) is reading
