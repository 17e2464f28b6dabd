from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import UnknownTaxonomy
from pipelines.taxonomy import BadTaxonomy, read_taxonomies
from pipelines.training.topics.embedded import Embedded, read_described


def test_embedded_scores_are_those_of_the_topics_and_of_none(desk: Embedded) -> None:
    alike = desk.likeness(["my card is late", "profit falls in london"])

    scores = desk.scores(alike)

    assert scores.shape == (2, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert alike.argmax(axis=1).tolist() == [0, 1]


def test_read_described_takes_a_file_or_an_installed_name(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[[topics]]\nname = "a"\ndescription = "An a."\n')

    assert read_described(str(path), installed=read_taxonomies()).name == "own"
    assert read_described("general-news", installed=read_taxonomies()).name == "general-news"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nope.toml", BadTaxonomy, "can't be read"),
        ("finance-dask", UnknownTaxonomy, "did you mean"),
        ("banking77", BadTaxonomy, "bellwether evaluate --task topics_banking77"),
    ],
)
def test_read_described_says_what_to_do_instead(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_described(name, installed=read_taxonomies())
