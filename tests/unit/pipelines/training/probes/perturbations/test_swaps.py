from pipelines.training.data import Example, Span
from pipelines.training.probes.perturbations.swaps import POOL, SWAPS
from pipelines.training.tasks import TaskKind


def swapped(text: str, *spans: Span) -> list[str]:
    changed = SWAPS.apply(Example(text, spans=spans), mentions=spans)
    return [changed.text[span.start : span.end] for span in changed.spans]


def test_swaps_put_names_of_the_same_type() -> None:
    person, firm, place = swapped("Tim Cook of Apple Inc flew to New York", Span(0, 8, "PER"), Span(12, 21, "ORG"), Span(30, 38, "LOC"))

    assert (person in POOL["PER"], firm in POOL["ORG"], place in POOL["LOC"]) == (True, True, True)


def test_swaps_call_the_same_name_the_same_and_a_surname_one_word() -> None:
    first, second = swapped("Cook said that Cook would go", Span(0, 4, "PER"), Span(15, 19, "PER"))

    assert first == second
    assert " " not in first


def test_swaps_write_names_as_they_were_written() -> None:
    shouted, small = swapped("APPLE INC and apple inc", Span(0, 9, "ORG"), Span(14, 23, "ORG"))

    assert shouted.isupper()
    assert small.islower()


def test_swaps_leave_handles_tags_and_other_types() -> None:
    spans = (Span(0, 1, "PER"), Span(1, 5, "PER"), Span(6, 11, "PER"), Span(12, 18, "PRODUCT"))

    assert swapped("@cook #cook iPhone", *spans) == ["@", "cook", "#cook", "iPhone"]


def test_swaps_are_not_for_topics() -> None:
    assert TaskKind.TOPICS not in SWAPS.kinds
