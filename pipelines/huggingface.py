"""Serve any Hugging Face sequence- or token-classification models, by role, behind the same door as the project's own model.

Each role is one forward pass of its own with its own tokenizer; which folders or hub ids to load is left to `pipelines.catalog`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from pipelines.catalog import Catalog, HuggingFaceEntry, Part
from pipelines.errors import ModelUnavailable
from pipelines.heads import IMPOSSIBLE, Scores, spread_over_words, tag_names
from pipelines.model import WindowOutput, memory_guard, revision_of, to_numpy
from pipelines.records import SENTIMENTS, ModelRef
from pipelines.tokens import TextTokenizer, Tokens

MAX_WINDOW_TOKENS = 254
"""Longer windows cost more than they tell, even where a model could read them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One Hugging Face model in memory; `names` are its output labels in our words, in the order of its outputs."""

    network: nn.Module
    encode: Any
    names: tuple[str, ...]
    max_tokens: int
    revision: str


class HuggingFaceModel:
    """Several Hugging Face models that answer as one; windows are cut by the entity model's tokenizer, else the sentiment model's."""

    def __init__(self, name: str, *, entry: HuggingFaceEntry, catalog: Catalog, device: str = "cpu", n_threads: int = 1) -> None:
        def load(part: Part | None, kind: Any) -> Loaded | None:
            return None if part is None else _load(part, kind=kind, folder=catalog.folder, device=device)

        sentiment = load(entry.sentiment, AutoModelForSequenceClassification)
        assert sentiment is not None
        _require(sentiment, "sentiment", SENTIMENTS)
        topics = load(entry.topics, AutoModelForSequenceClassification)
        self._sequence = {"sentiment_news": sentiment, "sentiment_support": sentiment}
        if topics is not None and entry.topics is not None:
            self._sequence[f"topics_{entry.topics.taxonomy}"] = topics
        self._entities = load(entry.entities, AutoModelForTokenClassification)
        self._embedding = load(entry.embedding, AutoModel)
        self._primary = self._entities or sentiment
        parts = [part for part in (sentiment, topics, self._entities, self._embedding) if part is not None]
        self.ref = ModelRef(name, "+".join(dict.fromkeys(part.revision for part in parts)))
        self.window_tokens = min(MAX_WINDOW_TOKENS, *(part.max_tokens for part in parts))
        self.labels: Mapping[str, tuple[str, ...]] = self._labels()
        self.thresholds: Mapping[str, float] = {}
        self.device, self.dtype, self.n_threads = device, str(next(sentiment.network.parameters()).dtype).removeprefix("torch."), n_threads
        self._tokenizer = TextTokenizer(self._primary.encode.backend_tokenizer)

    def _labels(self) -> dict[str, tuple[str, ...]]:
        labels = {head: SENTIMENTS if head.startswith("sentiment") else part.names for head, part in self._sequence.items()}
        return labels if self._entities is None else {**labels, "entities": tag_names(_groups(self._entities.names))}

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise whole texts with the primary model's tokenizer, whatever their length."""
        return self._tokenizer(texts)

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        """Run each role over one padded micro-batch; results in the order given. DeviceExhausted if memory runs out."""
        if not windows:
            return []
        with torch.inference_mode(), memory_guard():
            answers: dict[int, Scores] = {}
            for part in self._sequence.values():
                if id(part) not in answers:
                    answers[id(part)] = self._per_window(part, windows, read=_logits)
            logits = {head: self._in_our_order(head, part, answers[id(part)]) for head, part in self._sequence.items()}
            vectors = None if self._embedding is None else self._per_window(self._embedding, windows, read=_mean)
            tags = self._tag(windows)
        return [
            WindowOutput({head: rows[index] for head, rows in logits.items()}, None if tags is None else tags[index], _unit(vectors, index))
            for index in range(len(windows))
        ]

    def warm_up(self) -> None:
        """Run one short window."""
        self.forward([self.tokenize(["Bellwether reads the morning's news."])[0].window(0, self.window_tokens)])

    def _in_our_order(self, head: str, part: Loaded, scores: Scores) -> Scores:
        return scores[:, [part.names.index(label) for label in self.labels[head]]]

    def _per_window(self, part: Loaded, windows: Sequence[Tokens], *, read: Callable[[Any, Tensor], Tensor]) -> Scores:
        """Return (n_windows, n_outputs); a window that is too long in this part's own tokens is read in pieces and averaged."""
        pieces = [(index, ids) for index, window in enumerate(windows) for ids in self._pieces(part, window)]
        inputs = _pad([ids for _, ids in pieces], part, device=self.device)
        rows = to_numpy(read(part.network(**inputs), inputs["attention_mask"]))
        owner = np.array([index for index, _ in pieces])
        return np.stack([rows[owner == index].mean(axis=0) for index in range(len(windows))])

    def _pieces(self, part: Loaded, window: Tokens) -> list[list[int]]:
        ids: list[int] = window.ids
        if part is not self._primary:
            ids = part.encode(self._text(window), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        size = part.max_tokens
        return [ids[start : start + size] for start in range(0, max(1, len(ids)), size)]

    def _text(self, window: Tokens) -> str:
        if window.text and window.offsets:
            return window.text[window.offsets[0][0] : window.offsets[-1][1]]
        return cast("str", self._primary.encode.decode(window.ids))

    def _tag(self, windows: Sequence[Tokens]) -> list[Scores] | None:
        part = self._entities
        if part is None:
            return None
        inputs = _pad([window.ids for window in windows], part, device=self.device)
        scores = to_numpy(torch.log_softmax(part.network(**inputs).logits.float(), dim=-1))
        names, first = self.labels["entities"], len(_around(part)[0])
        return [
            spread_over_words(_to_bio(scores[row, first : first + len(window)], part.names, names), names, word_starts=window.word_starts)
            for row, window in enumerate(windows)
        ]


def _load(part: Part, *, kind: Any, folder: Path, device: str) -> Loaded:
    source = part.id or str(folder / (part.path or ""))
    # `trust_remote_code=None`, the library's default, would ask on the terminal.
    options: dict[str, Any] = {"revision": part.revision, "trust_remote_code": False, "local_files_only": part.id is None}
    try:
        config = AutoConfig.from_pretrained(source, **options)
        network = kind.from_pretrained(source, use_safetensors=True, dtype=torch.float32, **options).to(device).eval()
        encode = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
    except (OSError, ValueError, ImportError) as problem:
        raise ModelUnavailable(f"the model {source} can't be loaded: {problem}") from problem
    if not encode.is_fast:
        raise ModelUnavailable(f"the model {source} has no tokenizer.json, which gives the character offsets that mentions need")
    labels = {int(index): name for index, name in (config.id2label or {}).items()}
    names = tuple(_rename(labels[index], part.labels) for index in sorted(labels))
    revision = part.revision[:12] if part.revision else revision_of(sorted(Path(source).glob("*.safetensors")))
    return Loaded(network, encode, names, _max_tokens(encode, config), revision)


def _max_tokens(encode: Any, config: Any) -> int:
    positions = getattr(config, "max_position_embeddings", None) or MAX_WINDOW_TOKENS + 2
    # RoBERTa's family starts counting positions behind the padding index.
    offset = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    return int(min(encode.model_max_length, positions - offset) - encode.num_special_tokens_to_add())


def _rename(label: str, ours: Mapping[str, str]) -> str:
    if label in ours:
        return ours[label]
    prefix, _, group = label.partition("-")
    if prefix in {"B", "I"} and group:
        renamed = ours.get(group, group)
        return renamed if renamed == "O" else f"{prefix}-{renamed}"
    return label.lower() if label.lower() in SENTIMENTS else label


def _require(part: Loaded, role: str, wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in part.names]
    if missing:
        raise ModelUnavailable(
            f"the {role} model puts out {', '.join(part.names)} but not {', '.join(missing)}; map its labels with `labels = {{ ... }}`"
        )


def _groups(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition("-")[2] or name for name in names if name != "O"))


def _to_bio(scores: Scores, theirs: Sequence[str], names: Sequence[str]) -> Scores:
    """Add up their outputs under our tags; a scheme without B- and I- lends its group to both."""
    bio = np.full((len(scores), len(names)), IMPOSSIBLE, dtype=np.float32)
    for column, name in enumerate(theirs):
        for target in [name] if name in names else [f"B-{name}", f"I-{name}"]:
            place = names.index(target)
            bio[:, place] = np.logaddexp(bio[:, place], scores[:, column])
    return bio


def _around(part: Loaded) -> tuple[list[int], list[int]]:
    """Return the special ids that this model wants before and after a text."""
    probe = part.encode.encode("a", add_special_tokens=False)
    whole = part.encode.encode("a", add_special_tokens=True)
    start = next(index for index in range(len(whole)) if whole[index : index + len(probe)] == probe)
    return whole[:start], whole[start + len(probe) :]


def _pad(rows: Sequence[Sequence[int]], part: Loaded, *, device: str) -> dict[str, Tensor]:
    before, after = _around(part)
    whole = [[*before, *row, *after] for row in rows]
    ids = torch.full((len(whole), max(map(len, whole))), part.encode.pad_token_id or 0)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(whole):
        ids[index, : len(row)], mask[index, : len(row)] = torch.tensor(row), 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}


def _logits(output: Any, mask: Tensor) -> Tensor:
    del mask
    return cast("Tensor", output.logits)


def _mean(output: Any, mask: Tensor) -> Tensor:
    weights = mask[:, :, None].to(output.last_hidden_state.dtype)
    return cast("Tensor", (output.last_hidden_state * weights).sum(dim=1) / weights.sum(dim=1))


def _unit(vectors: Scores | None, index: int) -> NDArray[np.float32] | None:
    return None if vectors is None else np.asarray(vectors[index] / np.linalg.norm(vectors[index]), dtype=np.float32)
