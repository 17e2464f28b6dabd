import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.model import BellwetherModel
from pipelines.network import Network, load_network, save_network
from pipelines.training.corpus import Corpus, read_corpus
from pipelines.training.evaluation import evaluate_examples
from pipelines.training.settle import STEPS, f_beta, fit_head, save_settled
from pipelines.training.tasks import parse_task


def shy(network: Network, folder: Path, tokenizer: Tokenizer, *, by: float) -> Path:
    """A model that says "no mention" by far too readily, and that nobody calibrated."""
    timid = copy.deepcopy(network)
    assert timid.entities is not None
    with torch.no_grad():
        timid.entities.bias_of(0).add_(by)
    timid.config = replace(timid.config, calibration={})
    save_network(timid, folder, tokenizer=tokenizer.to_str())
    return folder


@pytest.fixture
def corpus(data_folder: Path) -> Corpus:
    """Rows of every task, with something of each held out."""
    taught = read_corpus(data_folder).taught
    known = {"topics_banking77": ("card", "fee"), "topics_complaints": ("loan", "mortgage")}
    return Corpus(taught, {task: rows for task, rows in taught.items() if not task.startswith("topics_") or task in known})


def test_save_settled_changes_the_bias_of_outside_and_the_calibration_and_nothing_else(
    tiny_network: Network, tiny_tokenizer: Tokenizer, corpus: Corpus, tmp_path: Path
) -> None:
    source = shy(tiny_network, tmp_path / "shy", tiny_tokenizer, by=1.0)

    found = save_settled(source, tmp_path / "model", held=corpus.held, n_threads=1)

    before, after = load_network(source), load_network(tmp_path / "model")
    changed = {name for name, value in before.state_dict().items() if not torch.equal(value, after.state_dict()[name])}
    assert changed <= {"entities.3.bias"}
    assert found.lowered_by in STEPS
    assert after.config == replace(before.config, calibration=found.calibration)
    assert set(found.calibration) == set(corpus.held) - {"entities"}


def test_fit_head_lets_topics_be_refused_and_sentiments_not(
    tiny_network: Network, tiny_tokenizer: Tokenizer, corpus: Corpus, tmp_path: Path
) -> None:
    model = BellwetherModel("shy", folder=shy(tiny_network, tmp_path / "shy", tiny_tokenizer, by=0.0))

    news, topics, targets = (
        fit_head(model, task, corpus.held[task]) for task in ("sentiment_news", "topics_banking77", "sentiment_targets")
    )

    assert (news.threshold, targets.threshold) == (0.0, 0.0)
    assert 0 < topics.threshold <= 1


def test_settled_model_is_no_less_honest_on_the_rows_it_was_settled_on(
    tiny_network: Network, tiny_tokenizer: Tokenizer, corpus: Corpus, tmp_path: Path
) -> None:
    source = shy(tiny_network, tmp_path / "shy", tiny_tokenizer, by=0.0)
    save_settled(source, tmp_path / "model", held=corpus.held, n_threads=1)
    before, after = (BellwetherModel(name, folder=tmp_path / name) for name in ("shy", "model"))

    for task in ("sentiment_news", "topics_complaints", "sentiment_targets"):
        losses = [evaluate_examples(model, parse_task(task), corpus.held[task]).figures()["brier"] for model in (before, after)]
        assert losses[1] <= losses[0] + 0.02


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_f_beta_lies_between_both_and_nearer_to_recall(precision: float, recall: float) -> None:
    one, two = (f_beta(precision, recall, beta=beta) for beta in (1.0, 2.0))

    assert min(precision, recall) - 1e-9 <= two <= max(precision, recall) + 1e-9
    assert abs(two - recall) <= abs(one - recall) + 1e-9


def test_f_beta_of_nothing_found_is_nothing() -> None:
    assert f_beta(0.0, 0.0, beta=2.0) == 0
