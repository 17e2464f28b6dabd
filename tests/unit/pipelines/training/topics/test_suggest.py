import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.taxonomy import DescribedTaxonomy
from pipelines.training.topics.suggest import Suggested, draft_toml, suggest

OIL = [
    f"crude oil price {word} at the pump"
    for word in ("rose", "fell", "slid", "held", "dipped", "soared", "sank", "eased", "firmed", "grew")
]
CARD = [
    f"my debit card was {word} at home"
    for word in ("lost", "stolen", "eaten", "broken", "found", "blocked", "cut", "bent", "burnt", "sold")
]
TEXTS = [*OIL, *CARD]


def around(*, n: int, axis: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(scale=0.25, size=(n, 8)).astype(np.float32)
    rows[:, axis] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


VECTORS = np.vstack([around(n=10, axis=0, seed=1), around(n=10, axis=1, seed=2)])


def test_suggest_groups_what_is_alike_and_names_it_by_its_phrases() -> None:
    found = suggest(TEXTS, VECTORS, n_topics=2)

    assert [one.n for one in found] == [10, 10]
    assert {one.share for one in found} == {0.5}
    by_first = {one.phrases[0]: one for one in found}
    assert all(set(one.examples) <= set(OIL if "oil" in " ".join(one.phrases) else CARD) for one in found)
    assert len(by_first) == 2


def test_suggest_chooses_the_number_of_topics_itself() -> None:
    assert 2 <= len(suggest(TEXTS, VECTORS)) <= 3


def test_suggest_gives_topics_of_the_same_words_names_of_their_own() -> None:
    found = suggest([f"crude oil price {number}" for number in range(20)], VECTORS, n_topics=2)

    assert len({one.name for one in found}) == len(found)


@pytest.mark.parametrize(("n", "n_topics"), [(3, None), (20, 12)])
def test_suggest_wants_records_enough(n: int, n_topics: int | None) -> None:
    with pytest.raises(ValueError, match="too few"):
        suggest(TEXTS[:n], VECTORS[:n], n_topics=n_topics)


def test_draft_toml_is_a_taxonomy() -> None:
    found = suggest(TEXTS, VECTORS, n_topics=2)

    taxonomy = DescribedTaxonomy.model_validate(tomllib.loads(draft_toml(found, name="mine", description="Drafted.")))

    assert [topic.name for topic in taxonomy.topics] == [one.name for one in found]
    assert taxonomy.topics[0].examples == found[0].examples


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=3))
def test_draft_toml_keeps_any_text(texts: list[str]) -> None:
    one = Suggested("a", "A", 5, 0.5, 0.5, ("a",), tuple(texts))

    read = tomllib.loads(draft_toml([one], name="mine", description=texts[0]))

    assert read["topics"][0]["examples"] == texts
    assert read["description"] == texts[0]
