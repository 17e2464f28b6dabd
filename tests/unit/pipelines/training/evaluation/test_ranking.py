import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipelines.training.evaluation.ranking import areas, curve

ROWS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=60)


@given(ROWS)
def test_areas_are_those_that_scikit_learn_knows(rows: list[tuple[int, bool]]) -> None:
    scores, wanted = (np.array(values) for values in zip(*rows, strict=True))

    found = areas(np.stack([scores / 8, 1 - scores / 8], axis=1), (~wanted).astype(np.intp))

    if wanted.all() or not wanted.any():
        assert found == [None, None]
    else:
        area = roc_auc_score(wanted, scores)
        assert found == [pytest.approx(area), pytest.approx(area)]


@given(ROWS)
def test_curve_encloses_the_area(rows: list[tuple[int, bool]]) -> None:
    scores, wanted = (np.array(values) for values in zip(*rows, strict=True))
    alarms, hits = curve(scores.astype(float), wanted)

    assert alarms == sorted(alarms)
    assert hits == sorted(hits)
    if wanted.any() and not wanted.all():
        assert (alarms[-1], hits[-1]) == (1, 1)
        assert np.trapezoid(hits, alarms) == pytest.approx(roc_auc_score(wanted, scores))
