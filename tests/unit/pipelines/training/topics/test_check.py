from collections.abc import Callable

import pytest

from pipelines.training.topics.check import Fault, check, quoted
from pipelines.training.topics.embedded import Embedded

Made = Callable[..., Embedded]

FINE = {
    "x": [(1, 0, 0), (2, 1, 0), (2, 0, 1), (2, -1, 0), (2, 0, -1), (2, 1, 1)],
    "y": [(0, 1, 0), (1, 2, 0), (0, 2, 1), (-1, 2, 0), (0, 2, -1), (1, 2, 1)],
}


def faults(found: list) -> list[tuple[str, str]]:
    return [(one.fault.value, one.topic) for one in found]


def test_check_finds_nothing_in_topics_that_stand_apart(embedded: Made) -> None:
    assert check(embedded(FINE)) == []


def test_check_names_an_example_under_the_wrong_topic_and_where_it_belongs(embedded: Made) -> None:
    found = next(one for one in check(embedded({**FINE, "x": [*FINE["x"], (0, 1, 0.2)]})) if one.fault is Fault.MISPLACED)

    assert found.topic == "x"
    assert '"x 6" is nearer to y' in found.shows
    assert "move it to y" in found.mend


def test_check_finds_topics_that_are_taken_for_each_other(embedded: Made) -> None:
    one = [(1, 0, 0), (3, 1, 0), (3, 0, 1), (1, 3, 0), (1, 3, 1), (1, 3, 0.5)]
    other = [(0, 1, 0), (1, 3, 0.2), (0, 3, 1), (3, 1, 0.2), (3, 0, 1.2), (3, 1, 1)]

    found = check(embedded({"x": one, "y": other}))

    assert found[0].fault is Fault.OVERLAP
    assert "merge x and y" in found[0].mend


def test_check_finds_the_same_example_twice_within_and_across_topics(embedded: Made) -> None:
    found = check(embedded({"x": [*FINE["x"], FINE["x"][1]], "y": [*FINE["y"], (2, -1, 0)]}))

    repeated = [one for one in found if one.fault is Fault.REPEATED]
    assert [one.topic for one in repeated] == ["x", "x"]
    assert {one.mend for one in repeated} == {"keep one of them and write another that differs", "keep it under one topic only"}


@pytest.mark.parametrize(("n", "shows"), [(0, "no examples, only a description"), (1, "1 example"), (4, "4 examples")])
def test_check_finds_thin_topics(embedded: Made, n: int, shows: str) -> None:
    [found] = check(embedded({**FINE, "z": [(0, 0, 1), *[(0.1 * number, 0, -3) for number in range(n)]][: n + 1]}, threshold=-1))[-1:]

    assert (found.fault, found.topic, found.shows) == (Fault.THIN, "z", shows)
    assert f"add {5 - n} or more" in found.mend


def test_check_finds_a_topic_whose_examples_have_nothing_in_common(embedded: Made) -> None:
    wide = [(1, 1, 1), (1, -1, 0), (-1, 1, 0), (0, -1, 1), (0, 1, -1), (-1, 0, 1)]

    found = check(embedded({"wide": wide}, threshold=0.4))

    assert (Fault.SCATTERED.value, "wide") in faults(found)


def test_check_of_records_finds_empty_topics_and_topics_that_take_all(desk: Embedded) -> None:
    found = check(desk, ["my card is late"] * 300)

    [empty] = [one for one in found if one.fault is Fault.EMPTY]
    assert empty.topic == "profit"
    assert "none of 300 records" in empty.shows


def test_check_of_records_says_what_threshold_would_cover_them(desk: Embedded) -> None:
    strict = Embedded(desk.taxonomy, desk.prototypes, 1.1, desk.model, desk.token_budget)

    [found] = [one for one in check(strict, ["my card is late"] * 3) if one.fault is Fault.UNCOVERED]

    assert "only 0 of 3 records get a topic" in found.shows
    assert "set threshold = 1.0" in found.mend


def test_quoted_cuts_a_long_text_into_one_line() -> None:
    assert quoted("a\n b") == '"a b"'
    assert len(quoted("word " * 50)) < 90
