import json
from pathlib import Path

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.data import BadRowError
from pipelines.training.evaluation import NoHeadError
from pipelines.training.probes.perturbations.registry import chosen
from pipelines.training.probes.robustness import probe_robustness
from pipelines.training.tasks import Task, TaskKind, task_of


def files(folder: Path, *names: str) -> list[tuple[Path, Task]]:
    paths = [folder / f"{name}.train.jsonl.gz" for name in names]
    return [(path, task_of(path)) for path in paths]


def test_probe_robustness_tries_every_fitting_perturbation_on_every_file(tiny_model: BellwetherModel, data_folder: Path) -> None:
    told: list[tuple[str, int, int]] = []

    found = probe_robustness(
        tiny_model,
        files(data_folder, "sentiment_news", "topics_banking77", "entities"),
        perturbations=chosen(["typos", "upper", "swaps"]),
        n_rows=9,
        tell=lambda *step: told.append(step),
    )

    assert [(one.task, one.perturbation) for one in found.trials] == [
        ("sentiment_news", "typos"), ("sentiment_news", "upper"), ("sentiment_news", "swaps"),
        ("topics_banking77", "typos"), ("topics_banking77", "upper"),
        ("entities", "typos"), ("entities", "upper"), ("entities", "swaps"),
    ]  # fmt: skip
    assert [one.main for one in found.trials][::3] == ["macro_f1", "accuracy", "f1"]
    assert told[0] == ("sentiment_news", 0, 11)
    assert told[-1] == ("entities: swaps", 10, 11)


def test_probe_robustness_gives_no_figure_where_nothing_was_changed(tiny_model: BellwetherModel, data_folder: Path) -> None:
    found = probe_robustness(tiny_model, files(data_folder, "sentiment_news"), perturbations=chosen(["negation"]), n_rows=9)

    [trial] = found.trials
    assert (trial.n_changed, trial.flipped, trial.example) == (0, None, None)
    assert trial.to_row()["drop"] is None


def test_probe_robustness_is_the_same_for_the_same_seed_and_holds_no_text(tiny_model: BellwetherModel, data_folder: Path) -> None:
    one, two = (
        probe_robustness(tiny_model, files(data_folder, "entities"), perturbations=chosen(["typos"]), n_rows=8, seed=4).to_json()
        for _ in range(2)
    )

    assert one == two
    assert one["trials"][0]["figures"]["f1"]["before"] >= 0
    assert "Cook" not in json.dumps(one)


def test_probe_robustness_says_which_heads_there_are(tiny_model: BellwetherModel, data_folder: Path) -> None:
    with pytest.raises(NoHeadError, match="no head 'sentiment_mail'"):
        probe_robustness(tiny_model, [(data_folder, Task("sentiment_mail", TaskKind.SENTIMENT))], perturbations=(), n_rows=1)


def test_probe_robustness_refuses_an_empty_file(tiny_model: BellwetherModel, tmp_path: Path) -> None:
    path = tmp_path / "sentiment_news.jsonl"
    path.write_text("")

    with pytest.raises(BadRowError, match=r"sentiment_news\.jsonl"):
        probe_robustness(tiny_model, [(path, task_of(path))], perturbations=(), n_rows=1)
