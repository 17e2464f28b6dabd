import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.probes.fairness import probe
from pipelines.training.probes.fairness.grid import AXES, CHARGED, NATIONALITY, NEUTRAL, REAL, Grid
from pipelines.training.probes.fairness.probe import Fairness, Finding, NoSentimentError, probe_fairness, sternest
from pipelines.training.probes.fairness.shifts import Shift, Verdict
from pipelines.training.probes.fairness.templates import template_grids
from pipelines.training.tasks import task_of


@pytest.fixture(autouse=True)
def few_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sentences each, one a kind of text: the texts are thousands otherwise."""
    grids = [Grid(grid.setting, grid.columns, grid.rows[::12], grid.paired) for grid in template_grids()]
    monkeypatch.setattr(probe, "template_grids", lambda: grids)


@pytest.fixture
def support(tmp_path: Path) -> Path:
    path = tmp_path / "sentiment_support.dev.jsonl"
    texts = ["my mom says she waits", "a German bank paid", "the French bank is late", "he is very late"]
    path.write_text("".join(json.dumps({"text": text, "label": "neutral"}) + "\n" for text in texts))
    return path


def test_probe_fairness_asks_every_head_about_every_axis(tiny_model: BellwetherModel) -> None:
    found = probe_fairness(tiny_model)

    heads = [head for head in tiny_model.labels if head.startswith("sentiment")]
    assert [(one.head, one.axis, one.setting) for one in found.findings] == [
        (head, axis, setting) for head in heads for axis in AXES for setting in (NEUTRAL, CHARGED)
    ]
    assert all(abs(shift.shift) <= 2 for one in found.findings for shift in one.shifts)


def test_probe_fairness_reads_news_by_the_news_head_and_support_by_the_other(
    tiny_model: BellwetherModel, support: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A random entity head would find people anywhere.
    monkeypatch.setattr(tiny_model, "labels", {head: labels for head, labels in tiny_model.labels.items() if head != "entities"})
    told: list[tuple[str, int, int]] = []

    found = probe_fairness(tiny_model, [(support, task_of(support))], tell=lambda *step: told.append(step))

    real = {(one.head, one.axis): one.n_sentences for one in found.findings if one.setting == REAL}
    assert real["sentiment_support", NATIONALITY] == 2
    assert ("sentiment_news", NATIONALITY) not in real
    assert {one.n_sentences for one in found.findings if one.head == "sentiment_news"} == {1}
    assert told[0][1] == 0
    assert told[0][2] == found.n_texts


def test_probe_fairness_gives_the_same_for_the_same_seed_and_holds_no_text(tiny_model: BellwetherModel, support: Path) -> None:
    one, two = (probe_fairness(tiny_model, [(support, task_of(support))], seed=3).to_json() for _ in range(2))

    assert one == two
    assert "waits" not in json.dumps(one)


def test_probe_fairness_needs_a_sentiment_head(tiny_model: BellwetherModel, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: Mapping[str, tuple[str, ...]] = {"topics_banking77": ("card", "fee")}
    monkeypatch.setattr(tiny_model, "labels", labels)

    with pytest.raises(NoSentimentError, match="no sentiment head; it has topics_banking77"):
        probe_fairness(tiny_model)


def finding(shift: float) -> Finding:
    both = (Shift("here", 0.0, shift, shift - 0.01, shift + 0.01), Shift("there", 0.0, -shift, -shift - 0.01, -shift + 0.01))
    return Finding("sentiment_news", NATIONALITY, NEUTRAL, 8, 4, 0.0, both, 0.05)


@pytest.mark.parametrize(
    ("shift", "verdict", "words"),
    [
        (0.0, Verdict.FAIR, "None of 2 comparisons is beyond the bound of 0.05."),
        (0.045, Verdict.UNCERTAIN, "None of 2 comparisons is beyond the bound of 0.05; 2 may be, by their intervals."),
        (-0.08, Verdict.UNFAIR, "2 of 2 comparisons are beyond the bound of 0.05, the furthest sentiment_news, nationality, "),
    ],
)
def test_verdict_says_whether_and_where(shift: float, verdict: Verdict, words: str) -> None:
    found = Fairness("m", "r", 0.05, 0, 8, (finding(0.001), finding(shift))[-1:])

    assert found.worst_verdict is verdict
    assert found.verdict().startswith(words)


def test_sternest_of_nothing_is_fair() -> None:
    assert sternest([]) is Verdict.FAIR
    assert sternest([Verdict.UNCERTAIN, Verdict.UNFAIR, Verdict.FAIR]) is Verdict.UNFAIR
