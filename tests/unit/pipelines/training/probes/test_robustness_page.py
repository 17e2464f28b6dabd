from pathlib import Path

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.probes.perturbations.registry import chosen
from pipelines.training.probes.robustness import Robustness, probe_robustness
from pipelines.training.probes.robustness_page import save_robustness, summary
from pipelines.training.tasks import task_of


@pytest.fixture
def found(tiny_model: BellwetherModel, data_folder: Path) -> Robustness:
    path = data_folder / "sentiment_news.train.jsonl.gz"
    return probe_robustness(tiny_model, [(path, task_of(path))], perturbations=chosen(["upper", "negation"]), n_rows=99)


def test_save_robustness_shows_every_perturbation_and_quotes_rows(found: Robustness, tmp_path: Path) -> None:
    save_robustness(tmp_path / "page.html", found)

    page = (tmp_path / "page.html").read_text()
    assert all(words in page for words in ("sentiment news", "all in capitals", "negations reworded", "<svg", "PROFIT"))
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_save_robustness_hides_texts_on_demand(found: Robustness, tmp_path: Path) -> None:
    save_robustness(tmp_path / "page.html", found, texts=False)

    assert "PROFIT" not in (tmp_path / "page.html").read_text()


def test_summary_says_that_nothing_was_changed(found: Robustness) -> None:
    assert summary([one for one in found.trials if not one.n_changed]) == "No perturbation changed a row."
