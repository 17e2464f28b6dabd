"""Weigh tokens by integrated gradients (Sundararajan, Taly, Yan 2017) through captum; grouping them into words is left to `words`."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.explain.question import Part, Question
from pipelines.model import BellwetherModel, pad
from pipelines.network import Network
from pipelines.records import TARGETS
from pipelines.training.extras import require

FEWEST_STEPS, MOST_STEPS = 32, 256
NEAR_ENOUGH = 0.02
"""Log-odds that the sum over a window may miss before the integral is done again with twice the steps."""
_TOKENS_AT_ONCE = 4_096


class Gradients:
    """A copy of a model's network in single precision, with gradients of what goes into its first layer."""

    def __init__(self, model: BellwetherModel) -> None:
        """Copy the network: the served one may be in half precision, which is too coarse to integrate."""
        self._network: Network = copy.deepcopy(model.network).float().eval()
        self._device = torch.device(model.device)

    def weigh(self, question: Question) -> tuple[dict[int, float], float, float]:
        """Return what each token of the text adds, the log-odds of the text, and those of a blank one.

        The path starts at padding in every place: no word and no letter case, positions kept.
        """
        added: dict[int, float] = {}
        full = blank = 0.0
        for part in question.parts:
            weights, there, nowhere = self._window(question, part)
            for place, weight in enumerate(weights.tolist(), start=part.start):
                added[place] = added.get(place, 0.0) + part.share * weight
            full, blank = full + part.share * there, blank + part.share * nowhere
        return added, full, blank

    def _window(self, question: Question, part: Part) -> tuple[NDArray[np.float32], float, float]:
        ids, shapes, mask = (piece.to(self._device) for piece in pad([part.tokens], special=self._network.config.special))
        chosen = torch.zeros_like(mask)
        chosen[0, [1 + place for place in part.tokens.asked]] = True
        blank_ids, blank_shapes = ids.clone(), torch.zeros_like(shapes)
        blank_ids[:, 1:-1] = self._network.config.special["pad"]
        captum = require("captum.attr", wanted_for="explaining by gradients (or use --by occlusion)")

        def forward(ids: Tensor, shapes: Tensor, mask: Tensor, chosen: Tensor) -> Tensor:
            return self._log_odds(question, ids, shapes, mask, chosen)

        with torch.enable_grad():  # as captum will: without gradients a model in 8 bits rounds what goes through it
            full = float(forward(ids, shapes, mask, chosen))
            blank = float(forward(blank_ids, blank_shapes, mask, chosen))
        method = captum.LayerIntegratedGradients(forward, self._network.encoder.norm)
        weights = _integrate(method, (ids, shapes), (blank_ids, blank_shapes), (mask, chosen), wanted=full - blank)
        return weights, full, blank

    def _log_odds(self, question: Question, ids: Tensor, shapes: Tensor, mask: Tensor, chosen: Tensor) -> Tensor:
        hidden = self._network.encoder(ids, shapes, mask)
        if question.head == TARGETS:
            logits = self._network.towards(hidden, mask, chosen).view(len(ids), -1, len(self._network.config.targets)).mean(dim=1)
        else:
            logits = self._network.classify(question.head, hidden, mask)
        found = self._network.config.calibration.get(question.head)
        return (logits[:, question.label] - logits[:, question.against]) / (found.temperature if found else 1.0)


def _integrate(
    method: Any,
    inputs: tuple[Tensor, ...],
    blank: tuple[Tensor, ...],
    others: tuple[Tensor, ...],
    *,
    wanted: float,
) -> NDArray[np.float32]:
    """Return what each token between the special ones adds, with as many steps as it takes to add up to `wanted`."""
    n_steps = FEWEST_STEPS
    while True:
        added = method.attribute(
            inputs,
            baselines=blank,
            additional_forward_args=others,
            n_steps=n_steps,
            attribute_to_layer_input=True,  # the sum of word, position and letter case; positions cancel out
            internal_batch_size=max(1, _TOKENS_AT_ONCE // inputs[0].shape[1]),
        )
        assert isinstance(added, Tensor)
        weights: NDArray[np.float32] = added.detach().sum(dim=-1)[0, 1:-1].cpu().numpy()
        if abs(float(weights.sum()) - wanted) <= NEAR_ENOUGH or n_steps >= MOST_STEPS:
            return weights
        n_steps *= 2
