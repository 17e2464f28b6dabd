"""Measure what the heads cost beside the encoder, part by part on the same micro-batches, in turns; asserts nothing.

python tests/benchmarks/heads.py [--model default] [--records 400]
"""

import argparse
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from pipelines.batching import micro_batches
from pipelines.model import BellwetherModel, load_model, pad, word_starts
from pipelines.network import Network
from pipelines.tokens import Tokens

SAMPLE = Path(__file__).parents[2] / "workers" / "sample"
ROUNDS = 5


def main() -> None:
    """Print, for each sort of text, the processor time of each part as a share of the encoder's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="a name in the catalog, or a model folder")
    parser.add_argument("--records", type=int, default=400)
    chosen = parser.parse_args()
    model = load_model(chosen.model, n_threads=1)
    assert isinstance(model, BellwetherModel)
    print(f"model {model.ref.name} {model.ref.revision}, {model.dtype}, medians of {ROUNDS} rounds")
    for name in ("market", "complaints"):
        windows = [tokens.window(0, model.window_tokens) for tokens in model.tokenize(_texts(name, chosen.records))]
        seconds = _measure(model, windows)
        encoder = seconds.pop("encoder")
        print(f"\n{name}: {len(windows):,} windows, encoder {encoder / len(windows) * 1e6:,.0f} us each")
        for part, spent in seconds.items():
            print(f"  {part:<22}{spent / encoder:>7.2%}")
        print(f"  {'all heads':<22}{sum(seconds.values()) / encoder:>7.2%}")


def _texts(name: str, limit: int) -> list[str]:
    with gzip.open(SAMPLE / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in islice(lines, limit)]


def _measure(model: BellwetherModel, windows: Sequence[Tokens]) -> dict[str, float]:
    """Return the median seconds of processor time that each part takes for all windows."""
    network = model.network
    batches = [[windows[row] for row in rows] for rows in micro_batches([len(one) + 2 for one in windows], token_budget=2_048)]
    rounds: dict[str, list[float]] = defaultdict(list)
    with torch.inference_mode():
        for _ in range(ROUNDS):
            spent: dict[str, float] = defaultdict(float)
            for batch in batches:
                ids, shapes, mask = pad(batch, special=network.config.special)
                hidden = _timed(spent, "encoder", lambda inputs=(ids, shapes, mask): network.encoder(*inputs).float())
                _heads(network, hidden, mask, torch.from_numpy(word_starts(batch, length=mask.shape[1])), spent=spent)
            for part, seconds in spent.items():
                rounds[part].append(seconds)
    return {part: median(seconds) for part, seconds in rounds.items()}


def _heads(network: Network, hidden: Tensor, mask: Tensor, starts: Tensor, *, spent: dict[str, float]) -> None:
    tags = _timed(spent, "entities", lambda: network.tag(hidden[starts]))
    named = torch.zeros_like(starts)
    named[starts] = tags.argmax(dim=-1) != network.config.tags.index("O")
    places = torch.arange(starts.shape[1]).expand_as(starts)
    mentioned = named.gather(1, torch.where(starts, places, 0).cummax(dim=1).values) & mask  # every piece of a mention's words
    _timed(spent, "sentiment_targets", lambda: network.towards(hidden, mask, mentioned))
    _timed(spent, "sentiment and topics", lambda: next(iter(network.classify_all(hidden, mask).values())))
    _timed(spent, "embedding", lambda: network.embed(hidden, mask))


def _timed(spent: dict[str, float], part: str, run: Callable[[], Tensor]) -> Tensor:
    begun = time.process_time()
    result = run()
    spent[part] += time.process_time() - begun
    return result


if __name__ == "__main__":
    main()
