"""Time models against each other on the same texts, in turns; which texts is left to the caller."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pipelines.batching import micro_batches
from pipelines.model import Model
from pipelines.tokens import Tokens

N_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model read: median over rounds; `ratio` is the median of the first model's time over its own, round by round."""

    name: str
    arithmetic: str
    tokens_per_second: float
    ratio: float


def measure_speeds(
    models: Mapping[str, Model], texts: Sequence[str], *, token_budget: int = 1_024, n_rounds: int = N_ROUNDS
) -> list[Speed]:
    """Run each model over the texts once a round, in turns, so that a busy neighbour slows all of them alike.

    With one thread, time is that of the processor, not of the clock: waiting for a turn on a shared machine is no work.
    All models must tokenise alike.
    """
    first = next(iter(models.values()))
    clock = time.process_time if first.n_threads == 1 and first.device == "cpu" else time.perf_counter
    windows = _windows(first, texts)
    batches = [[windows[index] for index in batch] for batch in micro_batches([len(one) + 2 for one in windows], token_budget=token_budget)]
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for number in range(n_rounds + 1):
        for name, model in models.items():
            begun = clock()
            for batch in batches:
                model.forward(batch)
            if number:  # the first round warms up
                seconds[name].append(clock() - begun)
    n_tokens = sum(len(one) + 2 for one in windows)
    base = next(iter(seconds.values()))
    return [
        Speed(name, models[name].dtype, n_tokens / median(times), median(one / own for one, own in zip(base, times, strict=True)))
        for name, times in seconds.items()
    ]


def _windows(model: Model, texts: Sequence[str]) -> list[Tokens]:
    size = model.window_tokens
    return [tokens.window(start, start + size) for tokens in model.tokenize(texts) for start in range(0, max(1, len(tokens)), size)]
