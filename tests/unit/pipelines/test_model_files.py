from pathlib import Path

import pytest

from pipelines.errors import ModelUnavailable
from pipelines.model import BellwetherModel
from pipelines.model_files import facts_of


def test_facts_of_agree_with_the_loaded_model(tiny_folder: Path) -> None:
    facts, model = facts_of(tiny_folder), BellwetherModel("tiny", folder=tiny_folder)

    assert facts.revision == model.ref.revision
    assert facts.heads == {name: len(labels) for name, labels in model.labels.items()}
    assert (facts.n_layers, facts.width, facts.window_tokens, facts.is_int8) == (2, 32, 30, False)
    assert facts.words_from is None


def test_facts_of_tell_how_a_compressed_model_is_kept(tiny_int8_folder: Path, borrowing_folder: Path) -> None:
    assert facts_of(tiny_int8_folder).is_int8
    assert facts_of(borrowing_folder).words_from == (borrowing_folder.parent / "lender").resolve()


def test_facts_of_name_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"lacks config\.json, model\.safetensors"):
        facts_of(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_facts_of_refuse_what_is_no_configuration(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "model.safetensors").write_bytes(b"")

    with pytest.raises(ModelUnavailable, match="not a model's configuration"):
        facts_of(tmp_path)
