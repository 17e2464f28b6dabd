from typing import Any

import pytest

from workers.incidents.severity import severity_of, worse


@pytest.mark.parametrize(
    ("metric", "expected", "observed", "severity"),
    [
        ("share", 0.2, 0.5, "warning"),
        ("share", 0.2, 0.6, "critical"),
        ("share", 0.7, 0.89, "warning"),
        ("share", 0.7, 0.9, "critical"),
        ("negatives", 5, 14, "warning"),
        ("negatives", 5, 15, "critical"),
        ("volume", 100, 300, "critical"),
        ("silence", 40, 0, "warning"),
        ("silence", 0, 40, "warning"),
    ],
)
def test_severity_is_by_how_far_it_moved(turn: Any, metric: str, expected: float, observed: float, severity: str) -> None:
    assert severity_of([turn(metric=metric, expected=expected, observed=observed)], ratio=3, n_series=8) == severity


def test_severity_is_by_how_wide_it_spread_whatever_the_rules(turn: Any) -> None:
    parts = [turn(key=f"ORG:{number}") for number in range(3)]

    assert severity_of([*parts, turn(key="ORG:0", rule="negatives")], ratio=3, n_series=4) == "warning"
    assert severity_of([*parts, turn(key="ORG:0", source_id=2)], ratio=3, n_series=4) == "critical"


def test_severity_of_nothing_is_the_least() -> None:
    assert severity_of([], ratio=3, n_series=8) == "warning"


def test_worse_is_the_graver_whichever_comes_first() -> None:
    assert worse("warning", "critical") == worse("critical", "warning") == "critical"
