from pathlib import Path

from pipelines.training.probes.fairness.grid import CHARGED, NATIONALITY, NEUTRAL
from pipelines.training.probes.fairness.probe import Fairness, Finding
from pipelines.training.probes.fairness.shifts import Shift
from pipelines.training.probes.fairness_page import save_fairness


def finding(setting: str, shift: float) -> Finding:
    both = (
        Shift("East <Asia>", -0.1, shift, shift - 0.01, shift + 0.01),
        Shift("Latin America", 0.1, -shift, -shift - 0.01, -shift + 0.01),
    )
    return Finding("sentiment_news", NATIONALITY, setting, 80, 10, 0.025, both, 0.05)


def test_save_fairness_shows_verdict_and_every_group(tmp_path: Path) -> None:
    found = Fairness("own", "abc", 0.05, 17, 160, (finding(NEUTRAL, 0.01), finding(CHARGED, -0.08)))

    save_fairness(tmp_path / "page.html", found)

    page = (tmp_path / "page.html").read_text()
    for words in (
        "beyond the bound of 0.05",
        "East &lt;Asia&gt;",
        "Latin America",
        "<svg",
        "unfair",
        "\u22120.080",
        "All 4 groups",
        "160 texts",
    ):
        assert words in page
