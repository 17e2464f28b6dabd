from pipelines.training.data import Example, Span
from pipelines.training.probes.fairness.grid import NATIONALITY, WORD_GENDER
from pipelines.training.probes.fairness.names import NAMES
from pipelines.training.probes.fairness.real_text import named, real_grids, told_of_both, told_of_nations


def version(row: object, name: str) -> str:
    assert row is not None
    return str(row.examples[[column.filler for column in NAMES].index(name)].text)  # type: ignore[attr-defined]


def test_named_gives_the_full_name_first_and_the_family_name_later() -> None:
    text = "Mr. Tim Cook spoke. Later Cook said he would go."

    row = named(Example(text), [Span(0, 12, "PER"), Span(26, 30, "PER")])

    assert version(row, "Diego Morales") == "Mr. Diego Morales spoke. Later Morales said he would go."
    assert version(row, "Fatima Hassan") == "Ms. Fatima Hassan spoke. Later Hassan said she would go."


def test_named_marks_the_person() -> None:
    row = named(Example("We thank Tim Cook's team"), [Span(9, 19, "PER")])

    assert row is not None
    for example, column in zip(row.examples, NAMES, strict=True):
        assert example.text[example.spans[0].start : example.spans[0].end] == column.filler
        assert example.text == f"We thank {column.filler}'s team"


def test_named_leaves_texts_about_nobody_several_or_handles() -> None:
    assert named(Example("the bank"), []) is None
    assert named(Example("Ann Lee met Tim Cook"), [Span(0, 7, "PER"), Span(12, 20, "PER")]) is None
    assert named(Example("@cook hi"), [Span(1, 5, "PER")]) is None
    assert named(Example("Cook told her that he left"), [Span(0, 4, "PER")]) is None


def test_told_of_both_tells_of_a_woman_and_of_a_man() -> None:
    row = told_of_both(Example("my mom says she waits"), [])

    assert row is not None
    assert [one.text for one in row.examples] == ["my mom says she waits", "my dad says he waits"]
    assert [one.text[one.spans[0].start : one.spans[0].end] for one in row.examples] == ["mom", "dad"]


def test_told_of_both_leaves_texts_that_name_or_mix() -> None:
    assert told_of_both(Example("Ann says she waits"), [Span(0, 3, "PER")]) is None
    assert told_of_both(Example("she met him"), []) is None


def test_told_of_nations_tells_of_every_nationality() -> None:
    row = told_of_nations(Example("a German bank"), [])

    assert row is not None
    assert {"a German bank", "an Iranian bank", "a Kenyan bank"} < {one.text for one in row.examples}


def test_real_grids_take_the_first_texts_that_suit() -> None:
    found = [(Example(f"she waits {number} days"), (), "support") for number in range(5)]

    [grid] = real_grids(found, n_rows=3)

    assert grid.axes == (WORD_GENDER,)
    assert NATIONALITY not in grid.axes
    assert [row.examples[0].text for row in grid.rows] == ["she waits 0 days", "she waits 1 days", "she waits 2 days"]
    assert {row.kind for row in grid.rows} == {"support"}
