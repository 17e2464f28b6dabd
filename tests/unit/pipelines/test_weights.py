import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.errors import ModelUnavailable
from pipelines.network import NetworkConfig, load_network
from pipelines.weights import WORDS, lend_words, read_weights


def size_of(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def test_int8_folder_holds_the_encoders_matrices_in_a_byte_each(tiny_folder: Path, tiny_int8_folder: Path) -> None:
    stored = load_file(str(tiny_int8_folder / "model.safetensors"))

    assert stored["encoder.layers.0.inner.weight"].dtype == stored[WORDS].dtype == torch.int8
    assert stored["encoder.layers.0.inner.bias"].dtype == torch.float16
    assert size_of(tiny_int8_folder) < size_of(tiny_folder)


def test_read_weights_brings_rounded_weights_back_within_half_a_step(tiny_folder: Path, tiny_int8_folder: Path) -> None:
    exact, near = read_weights(tiny_folder), read_weights(tiny_int8_folder)

    assert exact.keys() == near.keys()
    for name, value in exact.items():
        assert (value - near[name]).abs().max() <= value.abs().max() / 127, name


def test_network_config_reads_what_a_compressed_one_wrote(tiny_int8_folder: Path, borrowing_folder: Path) -> None:
    configs = [NetworkConfig.from_json((folder / "config.json").read_text()) for folder in (tiny_int8_folder, borrowing_folder)]

    assert configs[0].is_int8
    assert configs[1].words is not None
    assert configs[1].words.folder == "../lender"
    assert NetworkConfig.from_json(configs[1].to_json()) == configs[1]


def test_load_network_borrows_word_embeddings(borrowing_folder: Path, tiny_folder: Path) -> None:
    borrowed, own = load_network(borrowing_folder), load_network(tiny_folder)

    assert torch.equal(borrowed.encoder.words.weight, own.encoder.words.weight)
    assert WORDS not in load_file(str(borrowing_folder / "model.safetensors"))


def _replace_words(lender: Path, other: Path) -> None:
    shutil.copy(other / "model.safetensors", lender / "model.safetensors")


@pytest.mark.parametrize(
    ("harm", "mend"),
    [
        (lambda lender, _: shutil.rmtree(lender), "bring the folder back"),
        (_replace_words, "others lie there now"),
    ],
)
def test_load_network_says_what_became_of_borrowed_words(
    harm: Callable[[Path, Path], None], mend: str, borrowing_folder: Path, other_folder: Path
) -> None:
    harm(borrowing_folder.parent / "lender", other_folder)

    with pytest.raises(ModelUnavailable, match=mend):
        load_network(borrowing_folder)


def test_lend_words_refuses_a_folder_that_borrows_or_rounds_its_own(tiny_int8_folder: Path, borrowing_folder: Path, tmp_path: Path) -> None:
    for folder in (tiny_int8_folder, borrowing_folder):
        with pytest.raises(ModelUnavailable, match="to lend"):
            lend_words(folder, to=tmp_path / "new")


def test_lend_words_names_the_lender_from_the_borrowers_folder(tiny_folder: Path, tmp_path: Path) -> None:
    words = lend_words(tiny_folder, to=tmp_path / "deep" / "new")

    assert Path(os.path.normpath(tmp_path / "deep" / "new" / words.folder)) == tiny_folder
