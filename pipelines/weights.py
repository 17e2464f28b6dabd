"""The weights of a model folder as they lie on disk: half precision, 8-bit where compressed, word embeddings perhaps another's.

What they are the weights of is left to `pipelines.network`.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.errors import ModelUnavailable
from pipelines.int8 import dequantize, quantize

WEIGHTS = "model.safetensors"
WORDS = "encoder.words.weight"
SCALE = "_scale"
"""What the name of an 8-bit tensor's scales ends in."""

_ROUNDED = re.compile(r"encoder\.(words|layers\.\d+\.(qkv|mixed|inner|outer))\.weight")


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Word embeddings that lie in another model's folder: `folder` relative to one's own, `sha256` that of their bytes there."""

    folder: str
    sha256: str


def write_weights(state: Mapping[str, Tensor], folder: Path, *, is_int8: bool = False, words: Borrowed | None = None) -> None:
    """Write `model.safetensors`: half precision, the encoder's matrices in int8 if so wanted, no word embeddings if they are borrowed."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if name == WORDS and words is not None:
            continue
        if is_int8 and _ROUNDED.fullmatch(name):
            packed[name], packed[name + SCALE] = quantize(value.detach().to(torch.float32))
        else:
            packed[name] = value.detach().to(torch.float16).contiguous()
    save_file(packed, str(folder / WEIGHTS))
    (folder / WEIGHTS).chmod(0o644)  # the library makes it private: a service account could not read it


def read_weights(folder: Path, *, words: Borrowed | None = None) -> dict[str, Tensor]:
    """Read `model.safetensors` in single precision, borrowed word embeddings with it; ModelUnavailable if those are gone or others."""
    stored = load_file(str(folder / WEIGHTS))
    state = {name: _restored(name, stored) for name in stored if not name.endswith(SCALE)}
    if words is not None:
        state[WORDS] = _read_borrowed(folder, words).to(torch.float32)
    return state


def lend_words(lender: Path, *, to: Path) -> Borrowed:
    """Describe the word embeddings of the model folder `lender` for the one at `to`; ModelUnavailable if it can lend none."""
    return Borrowed(Path(os.path.relpath(lender.resolve(), to.resolve())).as_posix(), _digest(_words_of(lender)))


def _restored(name: str, stored: Mapping[str, Tensor]) -> Tensor:
    value, scale = stored[name], stored.get(name + SCALE)
    return value.to(torch.float32) if scale is None else dequantize(value, scale)


def _read_borrowed(folder: Path, words: Borrowed) -> Tensor:
    lender = folder / words.folder
    value = _words_of(lender)
    if _digest(value) != words.sha256:
        raise ModelUnavailable(
            f"{folder} shares the word embeddings of {lender}, but others lie there now; compress it again, or bring that folder back"
        )
    return value


def _words_of(folder: Path) -> Tensor:
    if not (folder / WEIGHTS).is_file():
        raise ModelUnavailable(f"{folder} is to lend its word embeddings, but has no {WEIGHTS}; bring the folder back")
    with safe_open(str(folder / WEIGHTS), framework="pt") as stored:
        if WORDS not in stored.keys() or stored.get_slice(WORDS).get_dtype() != "F16":  # noqa: SIM118  (no mapping)
            raise ModelUnavailable(f"{folder} has no word embeddings in half precision to lend; it borrows or rounds its own")
        value: Tensor = stored.get_tensor(WORDS)
    return value


def _digest(value: Tensor) -> str:
    return hashlib.sha256(value.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()
