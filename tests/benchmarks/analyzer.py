"""Measure each step of the analyzer on the shipped sample: microseconds of processor time a record; asserts nothing.

python tests/benchmarks/analyzer.py [--model default] [--records 1000] [--profile]
"""

import argparse
import cProfile
import gzip
import json
import pstats
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.analyzer import Analyzer
from pipelines.model import load_model
from pipelines.reading import Reading
from pipelines.records import Document, Kind
from pipelines.taxonomy import read_taxonomies
from pipelines.text.language import detect_language
from pipelines.text.normalize import normalize
from pipelines.text.patterns import find_patterns

SAMPLE = Path(__file__).parents[2] / "workers" / "sample"


def main() -> None:
    """Print one table a sort of text: step, microseconds a record, share of the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="a name in the catalog")
    parser.add_argument("--catalog", type=Path, help="your own catalog.toml")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--records", type=int, default=1_000)
    parser.add_argument("--token-budget", type=int, default=2_048)
    parser.add_argument("--profile", action="store_true", help="print where pre and post spend their time, too")
    chosen = parser.parse_args()
    model = load_model(chosen.model, device=chosen.device, n_threads=1, catalog=chosen.catalog)
    analyzer = Analyzer(model, taxonomies=read_taxonomies(), token_budget=chosen.token_budget, window_overlap=32)
    analyzer.warm_up()
    print(f"model {model.ref.name} {model.ref.revision}, {model.device} {model.dtype}")
    for name, documents in _documents(chosen.records).items():
        _measure(name, documents, analyzer)
        if chosen.profile:
            _profile(documents, analyzer)


def _documents(limit: int) -> dict[str, list[Document]]:
    kinds = {"market": (Kind.NEWS, "finance-desk"), "complaints": (Kind.SUPPORT, "complaints")}
    return {
        name: [Document(number, kind, text, taxonomy) for number, text in enumerate(_texts(name, limit))]
        for name, (kind, taxonomy) in kinds.items()
    }


def _texts(name: str, limit: int) -> list[str]:
    with gzip.open(SAMPLE / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in islice(lines, limit)]


def _measure(name: str, documents: Sequence[Document], analyzer: Analyzer) -> None:
    texts = [document.text for document in documents]
    readings = [one for one in analyzer.pre(documents) if isinstance(one, Reading)]
    outputs = analyzer.core(readings)
    steps: dict[str, Callable[[], Any]] = {
        "normalize": lambda: [normalize(text) for text in texts],
        "patterns": lambda: [find_patterns(text) for text in texts],
        "tokenize": lambda: analyzer.model.tokenize(texts),
        "pre, all of it": lambda: analyzer.pre(documents),
        "core": lambda: analyzer.core(readings),
        "language": lambda: [detect_language(text) for text in texts],
        "post, all of it": lambda: [analyzer.post(*pair) for pair in zip(readings, outputs, strict=True)],
    }
    n_tokens = sum(len(one.tokens) for one in readings)
    print(f"\n{name}: {len(texts):,} records, {n_tokens / len(texts):.0f} tokens each")
    for step, run in steps.items():
        print(f"  {step:<16}{_seconds(run) / len(texts) * 1e6:>10,.0f} us")


def _seconds(run: Callable[[], Any]) -> float:
    """Take the best of three, in processor time: neighbours only add."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        run()
        best = min(best, time.process_time() - begun)
    return best


def _profile(documents: Sequence[Document], analyzer: Analyzer) -> None:
    readings = [one for one in analyzer.pre(documents) if isinstance(one, Reading)]
    outputs = analyzer.core(readings)
    with cProfile.Profile() as profile:
        analyzer.pre(documents)
        for pair in zip(readings, outputs, strict=True):
            analyzer.post(*pair)
    pstats.Stats(profile).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
