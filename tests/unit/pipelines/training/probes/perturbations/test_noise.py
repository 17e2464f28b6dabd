import pytest

from pipelines.training.data import Example, Span
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.perturbations.noise import EMOJI, HASHTAGS, LINKS, PICTOGRAMS, TAGS, URLS

TEXT = "Shares of Deutsche Bank fell after the warning"


@pytest.mark.parametrize(("perturbation", "pieces", "n"), [(URLS, LINKS, 1), (EMOJI, PICTOGRAMS, 2), (HASHTAGS, TAGS, 2)])
@pytest.mark.parametrize("seed", range(5))
def test_noise_is_put_between_words_and_never_into_a_name(perturbation: Perturbation, pieces: tuple[str, ...], n: int, seed: int) -> None:
    changed = perturbation.apply(Example(TEXT), mentions=(Span(10, 23, "ORG"),), seed=seed).text

    put_in = [word for word in changed.split(" ") if word in pieces]
    assert len(put_in) == n
    assert [word for word in changed.split(" ") if word not in pieces] == TEXT.split(" ")
    assert "Deutsche Bank" in changed
