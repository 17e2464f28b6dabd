from typing import Any

import pytest

from pipelines.model import BellwetherModel
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies, Topic
from pipelines.training.annotation.exporting import Exported, Wish, export
from pipelines.training.annotation.records import Pool, Unlabelled
from pipelines.training.tasks import parse_task

TEXTS = ["my card is late", "the fee was not paid", "Tim Cook in London", "great bank", "the market falls", "a bad loss", "\u2028"]
DESK = DescribedTaxonomy(
    name="desk", topics=(Topic(name="cards", description="my card is late"), Topic(name="markets", description="the market falls"))
)


def run(model: BellwetherModel, task: str, **wish: Any) -> Exported:
    pool = Pool([Unlabelled(text, row, {"source": "desk"}) for row, text in enumerate(TEXTS, start=1)], 0, 0)
    return export(pool, Wish(parse_task(task), near=1.1, **wish), model=model, taxonomies=Taxonomies([DESK]))


def test_export_guesses_to_teach_by_and_leads_nobody_where_it_measures(tiny_model: BellwetherModel) -> None:
    found = run(tiny_model, "topics_banking77", n_wanted=4, random_share=0.5)

    assert (found.n_teaching, found.n_measuring, found.n_unreadable, found.has_guesses) == (2, 2, 1, True)
    assert found.labels == ("card", "fee", "transfer")
    for task in found.tasks:
        assert ("predictions" in task) == (task["data"]["chosen_for"] == "teaching")
        assert task["data"]["source"] == "desk"
    [guess] = next(task["predictions"] for task in found.tasks if "predictions" in task)
    assert guess["model_version"].startswith("tiny ")
    assert guess["result"][0]["value"]["choices"][0] in found.labels


@pytest.mark.parametrize("task", ["entities", "sentiment_targets"])
def test_export_guesses_spans_that_stand_in_their_text(tiny_model: BellwetherModel, task: str) -> None:
    assert tiny_model.network.entities is not None
    for parameter in tiny_model.network.entities.parameters():
        parameter.mul_(20)  # sure of itself, if not right

    found = run(tiny_model, task, n_wanted=6, random_share=0)

    values = [(task["data"]["text"], entry["value"]) for task in found.tasks for entry in task["predictions"][0]["result"]]
    assert values
    assert all(text[value["start"] : value["end"]] == value["text"] for text, value in values)
    assert {label for _, value in values for label in value["labels"]} <= set(found.labels)


def test_export_guesses_topics_of_a_taxonomy(tiny_model: BellwetherModel) -> None:
    found = run(tiny_model, "topics_desk", n_wanted=6, random_share=0, taxonomy="desk", labels=("other",))

    guesses = {task["data"]["text"]: task["predictions"][0]["result"][0]["value"]["choices"] for task in found.tasks}
    assert found.labels == ("cards", "markets", "other")
    assert guesses
    assert all(guess in (["cards"], ["markets"]) for guess in guesses.values())


def test_export_draws_at_random_for_a_task_that_is_new(tiny_model: BellwetherModel) -> None:
    found = run(tiny_model, "topics_new", n_wanted=3, labels=("a", "b"))

    assert (found.n_teaching, found.n_measuring, found.has_guesses, found.labels) == (2, 1, False, ("a", "b"))


@pytest.mark.parametrize(
    ("wish", "message"),
    [({}, "say by --labels which topics to offer"), ({"taxonomy": "desk", "task": "entities"}, "--taxonomy wants a task of topics")],
)
def test_export_says_what_it_must_be_told(tiny_model: BellwetherModel, wish: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(tiny_model, wish.pop("task", "topics_new"), **wish)
