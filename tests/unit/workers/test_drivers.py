import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.evidence import Series, Slice
from workers.drivers import Driver, find_drivers, merge_names

AMAZON = Series(1, "entity", "TICKER:AMZN")
WHOLE = Slice("source", "", 100, 50, 1000, 100)


def test_find_drivers_ranks_by_what_is_more_than_the_usual_part() -> None:
    slices = [
        WHOLE,
        Slice("topic", "always", 80, 20, 900, 60),
        Slice("topic", "new", 30, 28, 10, 1),
        Slice("topic", "calmer", 20, 2, 100, 39),
        Slice("entity", "TICKER:AMZN", 100, 50, 1000, 100),
        Slice("entity", "ORG:rare", 2, 2, 0, 0),
    ]

    [found] = find_drivers(slices, metric="share", expected=0.1, series=AMAZON)

    assert found.key == "new"
    assert found.contribution == pytest.approx(0.279)
    assert found.low < found.contribution < found.high
    assert found.excess == pytest.approx(0.275)


def test_find_drivers_tells_counts_against_what_was_expected() -> None:
    slices = [WHOLE, Slice("topic", "new", 30, 28, 100, 20)]

    [found] = find_drivers(slices, metric="negatives", expected=10.0, series=AMAZON)

    assert found.contribution == pytest.approx(28 - 0.2 * 10)


def test_find_drivers_of_volume_counts_all_records() -> None:
    slices = [Slice("source", "", 300, 0, 1000, 50), Slice("entity", "ORG:merger", 200, 0, 10, 0), Slice("topic", "usual", 60, 0, 300, 0)]

    [found] = find_drivers(slices, metric="volume", expected=100.0, series=Series(1, "source", ""))

    assert found.key == "ORG:merger"
    assert found.contribution == pytest.approx(199)


def test_find_drivers_of_a_change_that_is_nobodys_in_particular_are_none() -> None:
    slices = [WHOLE, Slice("topic", "half", 50, 25, 500, 50), Slice("topic", "rest", 50, 25, 500, 50)]

    assert find_drivers(slices, metric="share", expected=0.1, series=AMAZON) == []


@pytest.mark.parametrize("slices", [[], [Slice("source", "", 0, 0, 100, 10)]])
def test_find_drivers_of_nothing_are_none(slices: list[Slice]) -> None:
    assert find_drivers(slices, metric="share", expected=0.1, series=AMAZON) == []


def test_merge_names_tells_a_thing_of_two_names_once() -> None:
    found = [_driver("ORG:Apple"), _driver("TICKER:AAPL"), _driver("ORG:Samsung")]
    alone = {("ORG:Apple", "ORG:Apple"): 20, ("TICKER:AAPL", "TICKER:AAPL"): 22, ("ORG:Samsung", "ORG:Samsung"): 9}
    together = {**alone, ("ORG:Apple", "TICKER:AAPL"): 20, ("TICKER:AAPL", "ORG:Apple"): 20, ("ORG:Samsung", "TICKER:AAPL"): 5}

    merged = merge_names(found, together=together)

    assert [(one.key, one.same_as) for one in merged] == [("ORG:Apple", ("TICKER:AAPL",)), ("ORG:Samsung", ())]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=8),
    st.sampled_from(["share", "negatives", "volume"]),
)
def test_find_drivers_adds_up_to_no_more_than_the_change(parts: list[tuple[int, int, int, int]], metric: str) -> None:
    slices = [Slice("topic", f"t{number}", n + k, k, n0 + k0, k0) for number, (n, k, n0, k0) in enumerate(parts)]
    sums = [sum(getattr(one, name) for one in slices) for name in ("n", "n_negative", "n_before", "n_negative_before")]

    found = find_drivers([Slice("source", "", *sums), *slices], metric=metric, expected=0.0, series=AMAZON)

    observed = {"share": sums[1] / max(sums[0], 1), "negatives": sums[1], "volume": sums[0]}[metric]
    assert sum(one.contribution for one in found) <= observed + 1e-9
    assert all(one.low > 0 for one in found)


def _driver(key: str) -> Driver:
    return Driver("entity", key, 0.2, 0.1, 0.3, 0.2, 10, 8, 5, 1)
