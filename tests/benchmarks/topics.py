"""Measure how well few examples describe a topic: five drawn at random from labelled rows, the rest sorted by them; asserts nothing.

python tests/benchmarks/topics.py [--model default] [--examples 5] [--draws 40]
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.embedding import embed_texts
from pipelines.model import load_model
from pipelines.prototypes import Vectors, build_prototypes, fitted_threshold, likeness, words_of
from pipelines.taxonomy import DescribedTaxonomy, Topic, read_taxonomies
from pipelines.training.data import read_examples

ROWS = Path(__file__).parents[1] / "data" / "topics_general-news.test.jsonl"
_NONE = -1


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows, embedded: `truth` numbers the topics."""

    texts: Sequence[str]
    truth: NDArray[np.intp]
    vectors: Vectors


def main() -> None:
    """Print macro F1 and coverage over many draws, for long descriptions and for those that only repeat the title."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", help="a name in the catalog, or a model folder")
    parser.add_argument("--examples", type=int, default=5)
    parser.add_argument("--draws", type=int, default=40)
    chosen = parser.parse_args()
    model = load_model(chosen.model)
    desks = read_taxonomies()["general-news"]
    assert isinstance(desks, DescribedTaxonomy)
    examples = read_examples(ROWS)
    names = [topic.name for topic in desks.topics]
    texts = [one.text for one in examples]
    rows = Rows(texts, np.array([names.index(one.label) for one in examples]), embed_texts(texts, model=model, token_budget=2_048))
    short = tuple(topic.model_copy(update={"description": f"{topic.title} news"}) for topic in desks.topics)
    print(f"model {model.ref.name} {model.ref.revision}, {chosen.examples} examples a topic, {chosen.draws} draws of {len(texts)} rows")
    for what, topics in (("long", desks.topics), ("short", short)):
        bare = tuple(topic.model_copy(update={"examples": ()}) for topic in topics)
        described = embed_texts([text for [text] in words_of(desks.model_copy(update={"topics": bare}))], model=model, token_budget=2_048)
        found = np.array([_draw(rows, bare, described, n=chosen.examples, seed=seed) for seed in range(chosen.draws)])
        mean, least = found.mean(axis=0), found.min(axis=0)
        print(f"{what:<6} descriptions: macro F1 {mean[0]:.3f} (least {least[0]:.3f}), as served {mean[1]:.3f}, coverage {mean[2]:.3f}")


def _draw(rows: Rows, bare: Sequence[Topic], described: Vectors, *, n: int, seed: int) -> tuple[float, float, float]:
    randoms = np.random.default_rng(seed)
    drawn = [randoms.choice(np.flatnonzero(rows.truth == topic), n, replace=False) for topic in range(len(bare))]
    topics = tuple(
        topic.model_copy(update={"examples": tuple(rows.texts[row] for row in own)}) for topic, own in zip(bare, drawn, strict=True)
    )
    vectors = [row for topic, own in zip(described, drawn, strict=True) for row in (topic, *rows.vectors[own])]
    prototypes = build_prototypes(DescribedTaxonomy(name="drawn", topics=topics), vectors)
    rest = np.setdiff1d(np.arange(len(rows.texts)), np.concatenate(drawn))
    alike = likeness(rows.vectors[rest], prototypes)
    given = alike.argmax(axis=1)
    served = np.where(alike.max(axis=1) >= fitted_threshold(prototypes), given, _NONE)
    truth = rows.truth[rest]
    return _macro_f1(truth, given), _macro_f1(truth, served), float((served != _NONE).mean())


def _macro_f1(truth: NDArray[np.intp], given: NDArray[np.intp]) -> float:
    each = [2 * np.sum((truth == one) & (given == one)) / (np.sum(truth == one) + np.sum(given == one)) for one in np.unique(truth)]
    return float(np.mean(each))


if __name__ == "__main__":
    main()
