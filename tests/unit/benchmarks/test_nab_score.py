import pytest
from nab_score import Score, probation, score

WINDOWS = [(1000, 1100), (2000, 2200)]


def test_score_of_nothing_detected_is_zero() -> None:
    found = score([], windows=WINDOWS, n_rows=4000)

    assert found == Score(-2.0, 2)
    assert found.normalised == 0


def test_score_of_every_window_at_its_left_edge_is_a_hundred() -> None:
    assert score([1000, 2000], windows=WINDOWS, n_rows=4000).normalised == pytest.approx(100)


def test_score_counts_a_windows_earliest_detection_only() -> None:
    once = score([1020, 2000], windows=WINDOWS, n_rows=4000)

    assert score([1020, 1030, 1099, 2000], windows=WINDOWS, n_rows=4000) == once
    assert once.points < 2


def test_score_takes_off_the_published_cost_before_any_window() -> None:
    """The benchmark's own table has 12 false ones in a file without windows at -1.32."""
    assert score(range(700, 712), windows=[], n_rows=4032).points == pytest.approx(-1.32)


def test_score_forgives_a_detection_just_behind_a_window() -> None:
    just_behind, far_behind = (score([row], windows=WINDOWS, n_rows=4000).points for row in (1101, 1500))

    assert far_behind == pytest.approx(-2.11)
    assert far_behind < just_behind < -2


def test_score_leaves_out_probation() -> None:
    assert score([0, 599], windows=WINDOWS, n_rows=4000).points == -2
    assert [probation(n_rows) for n_rows in (4000, 5000, 20_000)] == [600, 750, 750]
