from pathlib import Path

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.compress.speed import measure_speeds


def test_measure_speeds_holds_each_model_against_the_first(tiny_folder: Path, tiny_int8_folder: Path) -> None:
    models = {name: BellwetherModel(name, folder=folder) for name, folder in (("one", tiny_folder), ("two", tiny_int8_folder))}

    one, two = measure_speeds(models, ["the bank paid", "great news " * 40], n_rounds=3)

    assert one.ratio == pytest.approx(1)
    assert (one.name, two.name) == ("one", "two")
    assert one.tokens_per_second > 0
    assert two.ratio > 0
