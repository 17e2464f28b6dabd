"""Fit on the held-out rows what a taught network leaves open: temperatures, thresholds, and how readily it says "no mention".

The arithmetic is left to `calibrate`; which rows are held out to `corpus`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from pipelines.heads import Scores
from pipelines.model import BellwetherModel, Model, WindowOutput
from pipelines.network import TOKENIZER, Calibration, Network, load_network, save_network
from pipelines.records import SENTIMENTS
from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.text.windows import stitch
from pipelines.training.calibrate import fit_temperature, fit_threshold
from pipelines.training.data import Example
from pipelines.training.evaluation import Answer, SpanScores, answer, score_spans, spans_of
from pipelines.training.prepare import tokens_of
from pipelines.training.tasks import ENTITIES, TaskKind, parse_task

STEPS = tuple(np.arange(0.0, 3.01, 0.25).tolist())
"""By how much the logit of O may be lowered: cross entropy alone leaves the entity head shy."""

BETA = 2.0
"""Recall counts twice as much as precision: a name that is missed is lost to every report, one too many drowns in the counts."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was fitted, by head, and by how much the logit of O was lowered; F1 is that of the held-out rows, before and after."""

    calibration: Mapping[str, Calibration]
    lowered_by: float
    f1_before: float
    f1_after: float


def save_settled(source: Path, folder: Path, *, held: Mapping[str, Sequence[Example]], n_threads: int) -> Settled:
    """Copy the model folder `source` to `folder` with what the held-out rows say of it."""
    network = load_network(source)
    model = BellwetherModel("taught", folder=source, n_threads=n_threads)
    calibration = {task: fit_head(model, task, examples) for task, examples in held.items() if task != ENTITIES}
    step, before, after = fit_balance(model, held[ENTITIES])
    lower_outside(network, by=step)
    network.config = replace(network.config, calibration=calibration)
    save_network(network, folder, tokenizer=(source / TOKENIZER).read_text(encoding="utf-8"))
    return Settled(calibration, step, before, after)


def fit_head(model: Model, task: str, examples: Sequence[Example]) -> Calibration:
    """Fit the temperature of a head that is not calibrated yet and, for topics, the threshold; rows with unknown labels are left out."""
    if parse_task(task).kind is TaskKind.TARGETS:
        return Calibration(_fit_targets(model, examples))
    names = model.labels[task]
    known = [example for example in examples if example.label in names]
    answers = answer(model, known)
    logits = [np.stack([output.logits[task] for output in one.outputs]) for one in answers]
    sizes = [[stop - start for start, stop in one.windows] for one in answers]
    temperature = fit_temperature(logits, [names.index(example.label) for example in known], n_tokens=sizes)
    if parse_task(task).kind is TaskKind.SENTIMENT:
        return Calibration(temperature)
    cooled = [_cooled(one, task, temperature) for one in answers]
    best = [
        _best_topic(one.probabilities(task), names) for one, example in zip(cooled, known, strict=True) if example.label != OUT_OF_SCOPE
    ]
    return Calibration(temperature, round(fit_threshold(best), 4))


def _cooled(one: Answer, task: str, temperature: float) -> Answer:
    outputs = [replace(output, logits={task: output.logits[task] / np.float32(temperature)}) for output in one.outputs]
    return replace(one, outputs=outputs)


def _best_topic(probabilities: Scores, names: Sequence[str]) -> float:
    return float(max(chance for chance, name in zip(probabilities, names, strict=True) if name != OUT_OF_SCOPE))


def _fit_targets(model: Model, examples: Sequence[Example]) -> float:
    logits, targets = [], []
    for example, found in zip(examples, answer(model, examples, towards_spans=examples), strict=True):
        rows = stitch(_targets(found.outputs), found.windows, found.tokens.word_starts) if len(found.tokens) else np.zeros((0, 3))
        for span in example.spans:
            places = [place for place in tokens_of(found.tokens, span) if not np.isnan(rows[place, 0])]
            if places:
                logits.append(rows[places].mean(axis=0))
                targets.append(SENTIMENTS.index(span.label))
    return fit_temperature(logits, targets)


def _targets(outputs: Sequence[WindowOutput]) -> list[Scores]:
    return [output.targets for output in outputs if output.targets is not None]


def fit_balance(model: Model, examples: Sequence[Example]) -> tuple[float, float, float]:
    """Return the step with the best F2 on `examples`, and the F1 without and with it."""
    answers = answer(model, examples)
    names = model.labels[ENTITIES]

    def score(step: float) -> SpanScores:
        given = [spans_of(_lowered(one, names.index("O"), step), names) for one in answers]
        return score_spans([example.text for example in examples], [example.spans for example in examples], given)

    scores = {step: score(step) for step in STEPS}
    best = max(scores, key=lambda step: f_beta(scores[step].precision, scores[step].recall, beta=BETA))
    return best, round(scores[0.0].f1, 4), round(scores[best].f1, 4)


def f_beta(precision: float, recall: float, *, beta: float) -> float:
    """Return the weighted harmonic mean of precision and recall in which recall counts `beta` times as much; 0 where both are."""
    weighted = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / weighted if weighted else 0.0


def _lowered(one: Answer, outside: int, by: float) -> Answer:
    """Lower O in log-probabilities; that they no longer add up to one does not change the likeliest path."""
    outputs = []
    for output in one.outputs:
        assert output.tags is not None
        tags = output.tags.copy()
        tags[:, outside] -= by
        outputs.append(replace(output, tags=tags))
    return replace(one, outputs=outputs)


def lower_outside(network: Network, *, by: float) -> None:
    """Lower the logit of O of a network's entity head, in place."""
    assert network.entities is not None
    with torch.no_grad():
        network.entities.bias_of(network.config.tags.index("O")).sub_(by)
