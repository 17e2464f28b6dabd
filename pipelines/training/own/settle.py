"""After training, on rows held out: how sure a head may be, and when it should say "none of these"; teaching it is left to `fit`."""

import numpy as np

from pipelines.heads import softmax
from pipelines.network import Calibration
from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.training.calibrate import fit_threshold
from pipelines.training.own.judge import ENOUGH, Said, fitted_temperature
from pipelines.training.tasks import Task, TaskKind


def settle(task: Task, said: Said, *, names: tuple[str, ...]) -> Calibration | None:
    """Fit the temperature, and for topics the threshold, of what a head said; None for entities, whose tags are decoded as they are."""
    if task.kind is TaskKind.ENTITIES:
        return None
    temperature = fitted_temperature(said)
    if task.kind is not TaskKind.TOPICS:
        return Calibration(temperature)
    topics = [index for index, name in enumerate(names) if name != OUT_OF_SCOPE]
    scores = softmax(said.logits / np.float32(temperature))[np.isin(said.targets, topics)]
    # Of a few rows the least sure one decides, and may have been sure: then refuse less.
    return Calibration(temperature, round(fit_threshold(scores[:, topics].max(axis=-1)) * len(scores) / (len(scores) + ENOUGH), 4))
