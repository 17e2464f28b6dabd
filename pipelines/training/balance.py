"""Set how readily the entity head says "no mention", after training: cross entropy alone leaves it too shy to find most of them.

Half of a development file chooses, the other half tells what the choice is worth.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from json import dumps
from pathlib import Path

import numpy as np
import torch

from pipelines.model import BellwetherModel
from pipelines.network import TOKENIZER, Network, save_network
from pipelines.training.data import Example, read_examples
from pipelines.training.evaluation import Answer, SpanScores, answer, score_spans, spans_of
from pipelines.training.tasks import ENTITIES

STEPS = tuple(np.arange(0.0, 3.01, 0.25).tolist())
"""By how much the logit of O may be lowered."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What was lowered by how much, and exact-match F1 on the rows that had no say, before and after."""

    lowered_by: float
    n_rows: int
    f1_before: float
    f1_after: float
    f1_served_before: float
    f1_served_after: float


def balance_entities(network: Network, model: BellwetherModel, *, path: Path) -> Balance:
    """Lower the bias of O in `network` by the step with the best served F1 of `model` on the even rows of a file.

    `model` must answer with the weights of `network`.
    """
    assert network.entities is not None
    examples = read_examples(path)
    answers = answer(model, examples)
    names = model.labels[ENTITIES]
    even, odd = (range(first, len(examples), 2) for first in (0, 1))
    step = max(STEPS, key=lambda step: _score(examples, answers, names, rows=even, lowered_by=step).f1_served)
    before, after = (_score(examples, answers, names, rows=odd, lowered_by=value) for value in (0.0, step))
    with torch.no_grad():
        network.entities.bias_of(names.index("O")).sub_(step)
    return Balance(step, len(odd), before.f1, after.f1, before.f1_served, after.f1_served)


def _score(
    examples: Sequence[Example], answers: Sequence[Answer], names: Sequence[str], *, rows: Sequence[int], lowered_by: float
) -> SpanScores:
    given = [spans_of(_lowered(answers[row], names.index("O"), lowered_by), names) for row in rows]
    return score_spans([examples[row].text for row in rows], [examples[row].spans for row in rows], given)


def _lowered(found: Answer, outside: int, by: float) -> Answer:
    """Lower O in log-probabilities; that they no longer add up to one does not change the likeliest path."""
    lowered = []
    for output in found.outputs:
        assert output.tags is not None
        tags = output.tags.copy()
        tags[:, outside] -= by
        lowered.append(replace(output, tags=tags))
    return replace(found, outputs=lowered)


def save_balanced(network: Network, folder: Path, *, source: Path, path: Path, n_threads: int) -> Balance:
    """Copy the model folder `source` to `folder` with its entity head balanced on the development file `path`."""
    found = balance_entities(network, BellwetherModel("trained", folder=source, n_threads=n_threads), path=path)
    save_network(network, folder, tokenizer=(source / TOKENIZER).read_text(encoding="utf-8"))
    (folder.parent / "balance.json").write_text(dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    return found
