"""After training, on rows held out: how sure a head may be, and when it should say "none of these"; teaching it is left to `fit`."""

import numpy as np

from pipelines.heads import softmax
from pipelines.network import Calibration
from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.training.calibrate import fit_temperature, fit_threshold
from pipelines.training.own.judge import Said
from pipelines.training.tasks import Task, TaskKind

ENOUGH = 50
"""With so many rows a fitted temperature counts half on a logarithmic scale, with more of them more: a few can't be trusted."""


def settle(task: Task, said: Said, *, names: tuple[str, ...]) -> Calibration | None:
    """Fit the temperature, and for topics the threshold, of what a head said; None for entities, whose tags are decoded as they are."""
    if task.kind is TaskKind.ENTITIES:
        return None
    fitted = fit_temperature(list(said.logits), said.targets.tolist())
    temperature = round(fitted ** (len(said.targets) / (len(said.targets) + ENOUGH)), 4)
    if task.kind is not TaskKind.TOPICS:
        return Calibration(temperature)
    topics = [index for index, name in enumerate(names) if name != OUT_OF_SCOPE]
    scores = softmax(said.logits / np.float32(temperature))[np.isin(said.targets, topics)]
    return Calibration(temperature, round(fit_threshold(scores[:, topics].max(axis=-1)), 4))
