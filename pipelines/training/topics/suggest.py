"""Draft topics from unlabelled records: group what is alike, name each group by its key phrases, quote some of it.

Reading the records is left to `sample`, the phrases to `phrases`; what the topics should really be, to people.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.prototypes import Vectors
from pipelines.training.extras import require
from pipelines.training.topics.phrases import gist, key_phrases, without_links

N_EXAMPLES = 6
FEWEST_RECORDS = 20
"""Of fewer nothing can be said about what they have in common."""
_SMALLEST = 5
"""Records of a group that make a topic."""
_TRIED = (3, 4, 6, 8, 10, 12, 15, 18)
"""Numbers of topics among which the one that sets the records apart best is chosen; a draft with too many is soon merged."""
_RECORDS_A_TOPIC = 60
_MOST_TIMES = 3
"""As few topics as a third of what the records would allow are tried: the crudest division often sets apart best."""
_N_JUDGED = 1_500
_TOO_ALIKE = 0.8
"""Two examples this much alike teach hardly more than one."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Suggested:
    """A candidate topic: `n` records, `share` of all; `tightness` is their mean cosine to its middle."""

    name: str
    title: str
    n: int
    share: float
    tightness: float
    phrases: tuple[str, ...]
    examples: tuple[str, ...]


def suggest(texts: Sequence[str], vectors: Vectors, *, n_topics: int | None = None, seed: int = 17) -> list[Suggested]:
    """Return candidate topics, the largest first; without `n_topics` as many as set the texts apart best.

    `vectors` (n_texts, width) are unit vectors, best of the texts' `gist`. ValueError for too few records.
    """
    if len(texts) < max(FEWEST_RECORDS, 2 * (n_topics or 0)):
        raise ValueError(f"{len(texts)} different records are too few to draft {n_topics or 'any'} topics from; give more")
    groups = _grouped(vectors, n_topics=n_topics, seed=seed)
    n_groups = int(groups.max()) + 1
    phrases = key_phrases(texts, groups, n_groups=n_groups)
    sizes = np.bincount(groups, minlength=n_groups)
    found: list[Suggested] = []
    for group in np.argsort(-sizes, kind="stable").tolist():
        if sizes[group] < _SMALLEST:
            continue
        rows = np.flatnonzero(groups == group)
        name, title = _named(phrases[group], {one.name for one in found})
        middle = vectors[rows].mean(axis=0)
        near = vectors[rows] @ (middle / max(float(np.linalg.norm(middle)), 1e-12))
        chosen = _examples(rows[np.argsort(-near, kind="stable")], texts, vectors)
        share = float(sizes[group] / len(texts))
        found.append(Suggested(name, title, int(sizes[group]), share, float(near.mean()), tuple(phrases[group]), chosen))
    return found


def draft_toml(topics: Sequence[Suggested], *, name: str, description: str) -> str:
    """Write the candidates as a taxonomy file."""
    lines = [
        "# A draft made by `bellwether topics suggest`: rename the topics, write what each is about, merge and drop some.",
        "# Then run `bellwether topics check --taxonomy` on this file.",
        "",
        f"name = {_quoted(name)}",
        'kind = "described"',
        f"description = {_quoted(description)}",
    ]
    for topic in topics:
        about = ", ".join(topic.phrases) or "what these examples have in common"
        lines += [
            "",
            f"# {topic.n:,} of the records ({topic.share:.0%})",
            "[[topics]]",
            f"name = {_quoted(topic.name)}",
            f"title = {_quoted(topic.title)}",
            f"description = {_quoted(f'About {about}.')}",
            "examples = [",
            *(f"  {_quoted(text)}," for text in topic.examples),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _grouped(vectors: Vectors, *, n_topics: int | None, seed: int) -> NDArray[np.intp]:
    cluster = require("sklearn.cluster", wanted_for="`topics suggest`")
    metrics = require("sklearn.metrics", wanted_for="`topics suggest`")

    def grouped(n: int) -> NDArray[np.intp]:
        return np.asarray(cluster.KMeans(n, n_init=3, random_state=seed).fit_predict(vectors), dtype=np.intp)

    if n_topics is not None:
        return grouped(n_topics)
    judged = np.random.default_rng(seed).permutation(len(vectors))[:_N_JUDGED]
    best, best_score = grouped(2), -np.inf
    for n in _worth_trying(len(vectors)):
        found = grouped(n)
        if len(set(found[judged].tolist())) > 1 and (score := metrics.silhouette_score(vectors[judged], found[judged])) > best_score:
            best, best_score = found, score
    return best


def _worth_trying(n_records: int) -> list[int]:
    most = max(min(n_records // _RECORDS_A_TOPIC, _TRIED[-1]), _TRIED[0])
    return [n for n in _TRIED if most / _MOST_TIMES <= n <= most]


def _named(phrases: Sequence[str], taken: set[str]) -> tuple[str, str]:
    """Return a name that no other topic has, and a title."""
    slug = "-".join(re.findall(r"[a-z0-9]+", phrases[0])) if phrases else ""
    slug = slug or "topic"
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug}-{number}"
    return name, ", ".join(phrases[:3]).capitalize() or name.capitalize()


def _examples(rows: NDArray[np.intp], texts: Sequence[str], vectors: Vectors) -> tuple[str, ...]:
    """Take the texts nearest to the middle that are not all but the same."""
    taken: list[int] = []
    for row in rows.tolist():
        if len(taken) == N_EXAMPLES:
            break
        if gist(texts[row]) and all(vectors[row] @ vectors[other] < _TOO_ALIKE for other in taken):
            taken.append(row)
    return tuple(without_links(texts[row])[:_LONGEST] or texts[row][:_LONGEST] for row in taken or rows[:1].tolist())


def _quoted(text: str) -> str:
    """Write a TOML string; its escapes are those of JSON, but for DEL, which may not stand there as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
