import numpy as np
import pytest
from detectors import Incident
from scoring import Tally, false_rate, median_delay, precision, recall
from shapes import Shape
from streams import Planted, Stream, make_stream

SHAPE = Shape(n_series=20, days=14, minutes=60, plant="share")


def test_tally_tells_what_was_found_when_and_what_was_false() -> None:
    planted = (Planted(series=1, start=100, end=110, size=3, n_start=40), Planted(series=2, start=100, end=110, size=3, n_start=40))
    stream = Stream(SHAPE, np.zeros(SHAPE.size, dtype=np.int64), np.zeros(SHAPE.size, dtype=np.int64), planted)
    tally = Tally()

    tally.add(stream, [Incident(1, 102, 111), Incident(1, 200, 210), Incident(3, 101, 105)])

    assert [one.delay for one in tally.outcomes] == [2, None]
    assert (recall(tally.chosen()).value, precision(tally).value) == (0.5, pytest.approx(1 / 3))
    assert false_rate(tally).value == pytest.approx(2 / 280 * 1000)
    assert median_delay(tally.outcomes) == 120


@pytest.mark.parametrize("world", ["calm", "rough"])
def test_make_stream_plants_what_it_says(world: str) -> None:
    shape = Shape(world=world, plant="share", n_series=40, days=21, minutes=60)  # type: ignore[arg-type]

    stream = make_stream(shape, seed=1)

    assert np.array_equal(stream.n, make_stream(shape, seed=1).n)
    assert (stream.n_negative <= stream.n).all()
    assert len(stream.planted) > 3
    inside = [_share(stream, one.series, one.start, one.end) for one in stream.planted if one.size == 3]
    assert 0.4 < float(np.mean(inside)) < 0.7


def _share(stream: Stream, series: int, start: int, end: int) -> float:
    columns = slice(start - stream.first, end - stream.first)
    return float(stream.n_negative[series, columns].sum() / stream.n[series, columns].sum())
