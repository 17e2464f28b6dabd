from datetime import UTC, datetime, timedelta

import pytest

from workers.cli.ages import age

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "said"), [(-5, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (7_300, "2 h"), (200_000, "2 d")])
def test_age_says_the_largest_unit(seconds: int, said: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), now=NOW) == said
