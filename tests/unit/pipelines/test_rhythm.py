import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rhythm import Rhythm, shapes

MINUTES = (1, 5, 7, 15, 45, 60, 240, 720, 1440, 10080)


@pytest.mark.parametrize(
    ("minutes", "hour", "quarter", "day"), [(5, 12, 72, 288), (15, 4, 24, 96), (60, 1, 6, 24), (720, 1, 1, 2), (1440, 1, 1, 1)]
)
def test_rhythm_cuts_days_into_hours_and_quarters(minutes: int, hour: int, quarter: int, day: int) -> None:
    rhythm = Rhythm(1440 / minutes)

    assert (rhythm.hour, rhythm.quarter, rhythm.day) == (hour, quarter, day)


@given(st.floats(0.1, 1440))
def test_rhythm_of_any_width_has_whole_cells_in_whole_quarters(per_day: float) -> None:
    rhythm = Rhythm(per_day)

    assert min(rhythm.hour, rhythm.cells_a_quarter, rhythm.quarters_a_day) >= 1
    assert rhythm.day == rhythm.hour * rhythm.cells_a_quarter * rhythm.quarters_a_day
    assert per_day < 1 or rhythm.day == pytest.approx(per_day, rel=1 / 3)


def test_rhythm_cuts_days_as_near_as_can_be_where_buckets_do_not_fit() -> None:
    rhythm = Rhythm(1440 / 7)

    assert (rhythm.hour, rhythm.quarter, rhythm.day) == (9, 54, 216)


@pytest.mark.parametrize("minutes", MINUTES)
def test_every_bucket_belongs_to_the_hours_and_to_the_days_once(minutes: int) -> None:
    rhythm, buckets = Rhythm(1440 / minutes), np.arange(-50, 400)

    for belonging in (rhythm.is_hour(buckets), rhythm.is_day(buckets), rhythm.between_hours(buckets)):
        assert belonging.sum(axis=0) == pytest.approx(1.0)
        assert belonging.min() >= 0


def test_between_hours_runs_from_the_midst_of_one_hour_to_that_of_the_next() -> None:
    rhythm = Rhythm(24 * 60)

    belonging = rhythm.between_hours(np.array([10 * 60 + 30, 10 * 60 + 45, 11 * 60]))

    assert belonging[10] == pytest.approx([1.0, 0.75, 0.5], abs=0.01)
    assert belonging[11] == pytest.approx([0.0, 0.25, 0.5], abs=0.01)


def test_days_of_the_week_begin_with_that_of_the_epoch() -> None:
    rhythm = Rhythm(24.0)

    assert rhythm.is_day(np.array([0, 23, 24, 7 * 24])).argmax(axis=0).tolist() == [0, 0, 1, 0]


def test_shapes_average_over_the_buckets_of_each_cell() -> None:
    rhythm = Rhythm(96.0)

    hour, day = shapes(rhythm, 96, 3 * 96, 4)

    assert hour.shape == (24, 48)
    assert np.array_equal(hour[:, 5], rhythm.between_hours(np.arange(96 + 20, 96 + 24)).mean(axis=1))
    assert day.argmax(axis=0).tolist() == [1] * 24 + [2] * 24
