"""A loaded model as the analyzer sees it: tokenise whole texts, run one padded micro-batch of windows.

Windows, micro-batches and merging are left to `pipelines.analyzer`; what names mean to `pipelines.catalog`.
Importing this module imports torch: only analyze workers and `bellwether analyze` do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.catalog import BellwetherEntry, read_catalog
from pipelines.errors import DeviceExhausted, ModelUnavailable
from pipelines.heads import spread_over_words
from pipelines.int8 import set_arithmetic
from pipelines.model_files import revision_of
from pipelines.network import CONFIG, TOKENIZER, Network, load_network
from pipelines.records import ModelRef
from pipelines.tokens import TextTokenizer, Tokens, join_words
from pipelines.weights import WEIGHTS

__all__ = ["BellwetherModel", "Model", "Tokens", "WindowOutput", "load_model", "revision_of"]


@dataclass(frozen=True, slots=True)
class WindowOutput:
    """What a model says of one window.

    `logits` holds float32 (n_labels,) for every sequence head, calibrated where the model is; `tags` float32 (n_tokens, n_tags)
    log-probabilities of the window's own tokens; `embedding` a float32 unit vector (width,); `targets` float32 (n_tokens, 3)
    logits of sentiment towards each token of a mention and each that was asked about, NaN for the others.
    """

    logits: Mapping[str, NDArray[np.float32]]
    tags: NDArray[np.float32] | None
    embedding: NDArray[np.float32] | None
    targets: NDArray[np.float32] | None = None


class Model(Protocol):
    """A model in memory, pinned to its device.

    `window_tokens` is the longest window, special tokens excluded. `labels` maps each head to its label names, "entities"
    to its BIO tags. `thresholds` says, for heads that know, the probability below which the answer is "none of these".
    """

    ref: ModelRef
    window_tokens: int
    labels: Mapping[str, tuple[str, ...]]
    thresholds: Mapping[str, float]
    device: str
    dtype: str
    n_threads: int

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise whole texts, whatever their length."""

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        """Run one padded micro-batch; results in the order given. DeviceExhausted if memory runs out."""

    def warm_up(self) -> None:
        """Run every part once, so that the first record does not pay for it."""


def load_model(name: str = "default", *, device: str = "cpu", n_threads: int = 1, catalog: Path | None = None) -> Model:
    """Load a model of the catalog onto `device` ("cpu", "cuda:0"); ModelUnavailable says what is missing."""
    found = read_catalog(catalog)
    entry = found.entry(name)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable(f"device {device} was asked for, but torch sees no CUDA device")
    torch.set_num_threads(n_threads)
    if isinstance(entry, BellwetherEntry):
        return BellwetherModel(name, folder=found.place(entry.path), device=device, n_threads=n_threads)
    from pipelines.huggingface import HuggingFaceModel  # transformers takes seconds to import

    return HuggingFaceModel(name, entry=entry, catalog=found, device=device, n_threads=n_threads)


class BellwetherModel:
    """The project's own model: one encoder pass, every head."""

    def __init__(self, name: str, *, folder: Path, device: str = "cpu", n_threads: int = 1) -> None:
        network = load_network(folder)
        place = torch.device(device)
        self.ref = ModelRef(name, revision_of([folder / CONFIG, folder / WEIGHTS]))
        self.network: Network = network.to(place)
        self.dtype = set_arithmetic(self.network.encoder, device=place, is_int8=network.config.is_int8)  # the heads stay exact
        self.window_tokens = network.config.window_tokens
        others = {"entities": network.config.tags, "sentiment_targets": network.config.targets}
        self.labels: Mapping[str, tuple[str, ...]] = {**network.config.heads, **{name: names for name, names in others.items() if names}}
        self.thresholds: Mapping[str, float] = {name: found.threshold for name, found in network.config.calibration.items()}
        self.device = device
        self.n_threads = n_threads
        self._tokenizer = TextTokenizer.load(folder / TOKENIZER)

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise whole texts, whatever their length."""
        return [join_words(tokens) for tokens in self._tokenizer(texts)]

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        """Run one padded micro-batch; results in the order given. ValueError for a window that is too long."""
        if not windows:
            return []
        if (longest := max(map(len, windows))) > self.window_tokens:
            raise ValueError(f"a window of {longest} tokens is longer than the model's {self.window_tokens}")
        with torch.inference_mode(), memory_guard():
            ids, shapes, mask = (part.to(self.device) for part in pad(windows, special=self.network.config.special))
            return self._read(self.network.encoder(ids, shapes, mask).float(), mask, windows)

    def _read(self, hidden: Tensor, mask: Tensor, windows: Sequence[Tokens]) -> list[WindowOutput]:
        network = self.network
        logits = {head: to_numpy(found) / self._temperature(head) for head, found in network.classify_all(hidden, mask).items()}
        tags = self._tags(hidden, windows)
        targets = self._targets(hidden, mask, windows, tags)
        vectors = to_numpy(network.embed(hidden, mask))
        return [
            WindowOutput({head: values[row] for head, values in logits.items()}, tags[row], vectors[row], targets[row])
            for row in range(len(windows))
        ]

    def _tags(self, hidden: Tensor, windows: Sequence[Tokens]) -> list[NDArray[np.float32] | None]:
        names = self.network.config.tags
        if not names:
            return [None] * len(windows)
        starts = word_starts(windows, length=hidden.shape[1])
        rows = np.zeros((*starts.shape, len(names)), dtype=np.float32)
        rows[starts] = to_numpy(self.network.tag(hidden[torch.from_numpy(starts).to(hidden.device)]))
        return [spread_over_words(rows[row, 1 : 1 + len(one)], names, word_starts=one.word_starts) for row, one in enumerate(windows)]

    def _targets(
        self, hidden: Tensor, mask: Tensor, windows: Sequence[Tokens], tags: Sequence[NDArray[np.float32] | None]
    ) -> list[NDArray[np.float32] | None]:
        """Ask only about tokens that are likely part of a mention, and those that the caller wants: a few of a hundred."""
        names = self.network.config.targets
        if not names:
            return [None] * len(windows)
        chosen = np.zeros(mask.shape, dtype=bool)
        for row, (window, found) in enumerate(zip(windows, tags, strict=True)):
            if found is not None:
                chosen[row, 1 : 1 + len(window)] = found.argmax(axis=-1) != self.network.config.tags.index("O")
            chosen[row, [1 + place for place in window.asked]] = True
        logits = np.full((*chosen.shape, len(names)), np.nan, dtype=np.float32)
        asked = torch.from_numpy(chosen).to(mask.device)
        logits[chosen] = to_numpy(self.network.towards(hidden, mask, asked)) / self._temperature("sentiment_targets")
        return [logits[row, 1 : 1 + len(window)] for row, window in enumerate(windows)]

    def _temperature(self, head: str) -> float:
        found = self.network.config.calibration.get(head)
        return found.temperature if found else 1.0

    def warm_up(self) -> None:
        """Run a short and a full window."""
        [tokens] = self.tokenize(["Bellwether reads the morning's news. " * self.window_tokens])
        for length in (8, self.window_tokens):
            self.forward([tokens.window(0, length)] * 2)


def word_starts(windows: Sequence[Tokens], *, length: int) -> NDArray[np.bool_]:
    """Mark, among the padded places, the tokens that speak for their word: the entity head need not read the others."""
    starts = np.zeros((len(windows), length), dtype=bool)
    for row, window in enumerate(windows):
        starts[row, 1 : 1 + len(window)] = window.word_starts
        starts[row, 1] |= len(window) > 0  # a window may begin inside a word
    return starts


def pad(windows: Sequence[Tokens], *, special: Mapping[str, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, shapes and mask (batch, longest + 2), each window between its start and end token."""
    length = max(map(len, windows)) + 2
    ids = np.full((len(windows), length), special["pad"], dtype=np.int64)
    shapes = np.zeros_like(ids)
    mask = np.zeros(ids.shape, dtype=bool)
    for row, window in enumerate(windows):
        stop = len(window) + 1
        ids[row, 0], ids[row, stop] = special["start"], special["end"]
        ids[row, 1:stop], shapes[row, 1:stop], mask[row, : stop + 1] = window.ids, window.shapes, True
    return torch.from_numpy(ids), torch.from_numpy(shapes), torch.from_numpy(mask)


def to_numpy(values: Tensor) -> NDArray[np.float32]:
    """Copy a tensor to the host in single precision."""
    result: NDArray[Any] = values.float().cpu().numpy()
    return result


@contextmanager
def memory_guard() -> Iterator[None]:
    """Raise DeviceExhausted where torch says, in one of its ways, that memory ran out."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as problem:
        raise DeviceExhausted from problem
    except RuntimeError as problem:
        # Torch's CPU allocator and CUDA's own libraries have no type of their own for it.
        if "can't allocate memory" in str(problem) or "out of memory" in str(problem):
            raise DeviceExhausted from problem
        raise
