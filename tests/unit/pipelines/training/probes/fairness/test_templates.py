from pipelines.training.probes.fairness.grid import AXES, CHARGED, NEUTRAL
from pipelines.training.probes.fairness.templates import TEMPLATES, WHO, filled, template_grids


def test_templates_hold_one_person_each_and_tell_no_gender() -> None:
    sentences = [one for those in TEMPLATES.values() for one in those]

    assert all(one.count(WHO) == 1 for one in sentences)
    assert not any(word in f" {one.lower()} " for one in sentences for word in (" he ", " she ", " his ", " her ", " him "))
    assert len(set(sentences)) == len(sentences)


def test_filled_marks_the_person_and_begins_a_sentence_with_a_capital() -> None:
    first, later = filled("{who} left.", "my aunt"), filled("Ask {who}.", "my aunt")

    assert (first.text, later.text) == ("My aunt left.", "Ask my aunt.")
    assert [one.text[one.spans[0].start : one.spans[0].end] for one in (first, later)] == ["My aunt", "my aunt"]


def test_template_grids_ask_every_question_in_plain_and_charged_words() -> None:
    grids = template_grids()

    assert {(axis, grid.setting) for grid in grids for axis in grid.axes} == {
        (axis, setting) for axis in AXES for setting in (NEUTRAL, CHARGED)
    }
    assert all(len(row.examples) == len(grid.columns) for grid in grids for row in grid.rows)
