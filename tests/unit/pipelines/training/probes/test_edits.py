import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.data import Example, Span
from pipelines.training.probes.edits import Edit, clear_of_borders, edited

TEXT = "Tim Cook moved from Apple to Barclays"
EXAMPLE = Example(TEXT, spans=(Span(0, 8, "PER"), Span(20, 25, "ORG"), Span(29, 37, "ORG")))


def words_of(example: Example) -> list[str]:
    return [example.text[span.start : span.end] for span in example.spans]


def test_edited_moves_spans_with_their_words() -> None:
    changed = edited(EXAMPLE, [Edit(9, 14, "went"), Edit(26, 28, "over to")])

    assert changed.text == "Tim Cook went from Apple over to Barclays"
    assert words_of(changed) == ["Tim Cook", "Apple", "Barclays"]


def test_edited_keeps_what_is_changed_within_a_span_in_it() -> None:
    changed = edited(EXAMPLE, [Edit(0, 8, "Ann Lee"), Edit(22, 22, "-")])

    assert words_of(changed) == ["Ann Lee", "Ap-ple", "Barclays"]


def test_edited_leaves_what_is_inserted_at_a_border_outside() -> None:
    changed = edited(EXAMPLE, [Edit(0, 0, "Mr "), Edit(8, 8, ", CEO,"), Edit(20, 20, "big "), Edit(37, 37, "!")])

    assert changed.text == "Mr Tim Cook, CEO, moved from big Apple to Barclays!"
    assert words_of(changed) == ["Tim Cook", "Apple", "Barclays"]


def test_edited_parts_neighbouring_spans_at_their_common_border() -> None:
    handle = Example("@tim", spans=(Span(0, 1, "PER"), Span(1, 4, "PER")))

    assert words_of(edited(handle, [Edit(1, 1, "_")])) == ["@", "tim"]


def test_edited_moves_untold_places_too() -> None:
    changed = edited(Example("so @tim said", untold=((3, 7),)), [Edit(0, 2, "well")])

    assert changed.text[slice(*changed.untold[0])] == "@tim"


@pytest.mark.parametrize("edit", [Edit(6, 10, ""), Edit(18, 22, "x"), Edit(24, 30, "")])
def test_edited_refuses_to_cross_a_border(edit: Edit) -> None:
    with pytest.raises(ValueError, match="crosses a border"):
        edited(EXAMPLE, [edit])


def test_edited_refuses_edits_that_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        edited(EXAMPLE, [Edit(9, 12, ""), Edit(11, 14, "")])


def test_clear_of_borders_drops_what_would_take_a_span_away() -> None:
    handle = Example("@tim, hi", spans=(Span(0, 1, "PER"), Span(1, 4, "PER")))

    kept = clear_of_borders(handle, [Edit(0, 1, ""), Edit(1, 4, ""), Edit(4, 5, "")])

    assert kept == [Edit(4, 5, "")]


@st.composite
def marked(draw: st.DrawFn) -> tuple[Example, list[Edit]]:
    text = draw(st.text(min_size=1, max_size=40))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    borders = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = tuple(Span(start, end, "ORG") for start, end in zip(borders[::2], borders[1::2], strict=False))
    edits = [Edit(start, end, new) for (start, end), new in draw(st.lists(st.tuples(places, st.text(max_size=4)), max_size=8))]
    return Example(text, spans=spans), edits


@given(marked())
def test_a_span_holds_what_its_own_edits_make_of_it(given_: tuple[Example, list[Edit]]) -> None:
    example, edits = given_
    kept = clear_of_borders(example, edits)

    changed = edited(example, kept)

    assert len(changed.spans) == len(example.spans)
    for before, after in zip(example.spans, changed.spans, strict=True):
        inside = [
            Edit(edit.start - before.start, edit.end - before.start, edit.new)
            for edit in kept
            if before.start <= edit.start and edit.end <= before.end and not edit.start == edit.end in (before.start, before.end)
        ]
        alone = edited(Example(example.text[before.start : before.end]), inside)
        assert changed.text[after.start : after.end] == alone.text


@given(marked())
def test_edits_change_the_length_of_a_text_by_their_own(given_: tuple[Example, list[Edit]]) -> None:
    example, edits = given_
    kept = clear_of_borders(example, edits)

    changed = edited(example, kept)

    assert len(changed.text) - len(example.text) == sum(len(edit.new) - (edit.end - edit.start) for edit in kept)
