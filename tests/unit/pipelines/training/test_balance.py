import copy
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.model import BellwetherModel
from pipelines.network import Network, load_network, save_network
from pipelines.training.balance import STEPS, balance_entities, save_balanced
from pipelines.training.evaluation import SpanScores, evaluate_file


def shy(network: Network, folder: Path, tokenizer: Tokenizer, *, by: float) -> Path:
    """A model that says "no mention" by far too readily."""
    timid = copy.deepcopy(network)
    assert timid.entities is not None
    with torch.no_grad():
        timid.entities.bias_of(0).add_(by)
    save_network(timid, folder, tokenizer=tokenizer.to_str())
    return folder


def test_save_balanced_lowers_only_the_bias_of_outside(
    tiny_network: Network, tiny_tokenizer: Tokenizer, data_folder: Path, tmp_path: Path
) -> None:
    source = shy(tiny_network, tmp_path / "shy", tiny_tokenizer, by=1.0)

    found = save_balanced(
        load_network(source), tmp_path / "out" / "model", source=source, path=data_folder / "entities.dev.jsonl.gz", n_threads=1
    )

    before, after = load_network(source).state_dict(), load_network(tmp_path / "out" / "model").state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed <= {"entities.3.bias"}
    assert torch.allclose(before["entities.3.bias"][0] - after["entities.3.bias"][0], torch.tensor(found.lowered_by), atol=1e-2)
    assert found.lowered_by in STEPS
    assert (tmp_path / "out" / "balance.json").exists()


def test_balance_entities_tells_what_the_balanced_model_scores(tiny_network: Network, tiny_tokenizer: Tokenizer, tmp_path: Path) -> None:
    source = shy(tiny_network, tmp_path / "shy", tiny_tokenizer, by=1.0)
    network = load_network(source)
    path = tmp_path / "entities.dev.jsonl"
    row = {"text": "Tim Cook in London", "entities": [{"start": 12, "end": 18, "label": "LOC"}]}
    path.write_text(f"{json.dumps(row)}\n" * 2)

    found = balance_entities(network, BellwetherModel("shy", folder=source), path=path)

    save_network(network, tmp_path / "balanced", tokenizer=tiny_tokenizer.to_str())
    scores = evaluate_file(BellwetherModel("balanced", folder=tmp_path / "balanced"), path).scores
    assert isinstance(scores, SpanScores)
    assert (found.n_rows, found.f1_after, found.f1_served_after) == (1, scores.f1, scores.f1_served)
