from typing import Any

import pytest

from workers.alert_settings import Alerts
from workers.incidents.severity import severity_of, worse

CHOSEN = Alerts(critical_ratio=3, critical_excess=20, critical_series=4)


@pytest.mark.parametrize(
    ("metric", "n", "moved", "severity"),
    [
        ("share", 100, (0.2, 0.5), "warning"),
        ("share", 100, (0.2, 0.6), "critical"),
        ("share", 50, (0.2, 0.6), "critical"),
        ("share", 49, (0.2, 0.6), "warning"),
        ("share", 8, (0.05, 1.0), "warning"),
        ("share", 100, (0.7, 0.89), "warning"),
        ("share", 100, (0.7, 0.9), "critical"),
        ("negatives", 99, (10, 29), "warning"),
        ("negatives", 99, (10, 30), "critical"),
        ("negatives", 99, (5, 24), "warning"),
        ("volume", 300, (100, 300), "critical"),
        ("silence", 0, (40, 0), "warning"),
        ("silence", 0, (0, 40), "warning"),
    ],
)
def test_severity_is_by_how_far_it_moved_and_how_many_said_so(
    turn: Any, metric: str, n: int, moved: tuple[float, float], severity: str
) -> None:
    assert severity_of([turn(metric=metric, n=n, expected=moved[0], observed=moved[1])], chosen=CHOSEN) == severity


def test_severity_is_by_how_wide_it_spread_whatever_the_rules(turn: Any) -> None:
    parts = [turn(key=f"ORG:{number}") for number in range(3)]

    assert severity_of([*parts, turn(key="ORG:0", rule="negatives")], chosen=CHOSEN) == "warning"
    assert severity_of([*parts, turn(key="ORG:0", source_id=2)], chosen=CHOSEN) == "critical"


def test_severity_of_nothing_is_the_least() -> None:
    assert severity_of([], chosen=CHOSEN) == "warning"


def test_worse_is_the_graver_whichever_comes_first() -> None:
    assert worse("warning", "critical") == worse("critical", "warning") == "critical"
