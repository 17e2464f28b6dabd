"""Choose the records of a pool that are worth labelling and make tasks of them; files and terminals are left to the caller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.records import SENTIMENTS
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies
from pipelines.topics import TopicChooser
from pipelines.training.annotation.guesses import Judge, guess, judge_of
from pipelines.training.annotation.interface import interface
from pipelines.training.annotation.picking import NEAR, Purpose, pick
from pipelines.training.annotation.records import Pool
from pipelines.training.annotation.studio_tasks import studio_task
from pipelines.training.data import GROUPS
from pipelines.training.tasks import Task, TaskKind

if TYPE_CHECKING:
    from pipelines.model import Model


@dataclass(frozen=True, slots=True)
class Wish:
    """What to choose: how many records, which share of them at random, and the labels to offer (empty: those of the model's head).

    `taxonomy` names a described taxonomy whose topics are guessed and offered instead of a head's. Of two texts whose embeddings
    have a cosine of `near` or more, one is chosen.
    """

    task: Task
    n_wanted: int = 200
    random_share: float = 0.25
    seed: int = 17
    labels: tuple[str, ...] = ()
    taxonomy: str = ""
    near: float = NEAR


@dataclass(frozen=True, slots=True)
class Exported:
    """Tasks, the interface to label them in, and how they came about; `n_unreadable` texts held nothing that the model can read."""

    tasks: list[dict[str, Any]]
    interface: str
    labels: tuple[str, ...]
    n_teaching: int
    n_measuring: int
    n_unreadable: int
    has_guesses: bool


def export(pool: Pool, wish: Wish, *, model: "Model", taxonomies: Taxonomies, told: Callable[[int], None] = lambda _: None) -> Exported:
    """Choose records and make tasks of them; ValueError if nobody says which labels there are."""
    judge, labels = _judge(wish, model, taxonomies)
    guesses = guess([record.text for record in pool.records], judge=judge, model=model, told=told)
    rows = [row for row, one in enumerate(guesses) if one is not None]
    read = [one for one in guesses if one is not None]
    vectors = [one.vector for one in read if one.vector is not None]
    picks = pick(
        [one.margin if judge else None for one in read],
        np.stack(vectors) if vectors and len(vectors) == len(read) else None,
        n_wanted=wish.n_wanted,
        random_share=wish.random_share,
        seed=wish.seed,
        near=wish.near,
    )
    name = f"{model.ref.name} {model.ref.revision}"
    tasks = [studio_task(pool.records[rows[p.index]], purpose=p.purpose, guess=read[p.index], task=wish.task, model=name) for p in picks]
    n_measuring = sum(one.purpose is Purpose.MEASURING for one in picks)
    unread = len(guesses) - len(read)
    return Exported(
        tasks, interface(wish.task, labels), labels, len(picks) - n_measuring, n_measuring, unread, has_guesses=judge is not None
    )


def _judge(wish: Wish, model: "Model", taxonomies: Taxonomies) -> tuple[Judge | None, tuple[str, ...]]:
    """Return how to guess, and the labels to offer."""
    if wish.taxonomy:
        taxonomy = taxonomies[wish.taxonomy]
        topics = tuple(topic.name for topic in taxonomy.topics) if isinstance(taxonomy, DescribedTaxonomy) else ()
        if wish.task.kind is not TaskKind.TOPICS or not topics:
            raise ValueError(f"--taxonomy wants a task of topics and a described taxonomy, not {wish.task.name} and {wish.taxonomy}")
        chooser = TopicChooser(model, taxonomies=taxonomies, token_budget=2048)
        return judge_of(wish.task, model, chooser=chooser, taxonomy=wish.taxonomy), _both(topics, wish.labels)
    judge = judge_of(wish.task, model)
    return judge, _both(_known(wish.task, model, offered=wish.labels), wish.labels)


def _known(task: Task, model: "Model", *, offered: Sequence[str]) -> tuple[str, ...]:
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TARGETS):
        return SENTIMENTS
    names = model.labels.get(task.name, ())
    if task.kind is TaskKind.ENTITIES:
        return tuple(dict.fromkeys(name[2:] for name in names if name != "O")) or GROUPS
    if not names and not offered:
        raise ValueError(f"model {model.ref.name} has no head {task.name}: say by --labels which topics to offer, or by --taxonomy whose")
    return names


def _both(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*known, *more]))
