"""`bellwether demo` as a newcomer runs it: the shipped model, the shipped sample, embedded servers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def demo(home: Path) -> str:
    """Run the demo on `home` and return what it printed, its frames and folds undone."""
    environment = os.environ | {"BELLWETHER_HOME": str(home), "COLUMNS": "100", "BELLWETHER_API__PORT": "0", "BELLWETHER_FLOWER__PORT": "0"}
    ended = subprocess.run([sys.executable, "-m", "workers.cli", "demo"], capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return re.sub(r"[\s│]+", " ", ended.stdout)


def test_demo_shows_a_real_alert_and_a_second_run_adds_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"

    first, second = demo(home), demo(home)

    assert "market-messages: 2,097 new" in first
    assert "complaints: 626 new" in first
    assert "0 failed, 0 quarantined" in first
    assert re.search(r"Negative (records|share) (about|of) \$AAPL in market-messages rose to", first)
    assert first.count("nothing new") == 0
    assert second.count("nothing new: all") == 2
    assert _table(first) == _table(second)


def _table(page: str) -> str:
    """Return the figures of the page: sentiment, topics, entities and the alert."""
    return page[page.index("sentiment by source") : page.index("next ")]
