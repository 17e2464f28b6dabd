"""Find what a run starts from: a model of the catalogue, a folder, a model of the Hugging Face hub, or fresh weights.

The head of one's own is left to `graft`.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from pipelines.catalog import BellwetherEntry, read_catalog
from pipelines.encoder import EncoderConfig, config_from_bert, from_bert
from pipelines.errors import ModelUnavailable
from pipelines.model import revision_of
from pipelines.network import CONFIG, TOKENIZER, Network, NetworkConfig, load_network
from pipelines.tokens import Shape, TextTokenizer
from pipelines.training.own.options import Options
from pipelines.training.start import read_tokenizer
from pipelines.weights import WEIGHTS

_HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
_WINDOW_TOKENS = 126
"""As long as the default model's windows, or as the encoder has positions for."""


@dataclass(frozen=True, slots=True)
class Base:
    """A network on the CPU with the text of its `tokenizer.json`; `folder` holds it if it is in the project's own format."""

    name: str
    revision: str
    network: Network
    tokenizer: str
    folder: Path | None = None


def find_base(name: str, *, catalog: Path | None = None) -> Base:
    """Load a base by catalogue name, folder or hub id (`owner/name`, better `owner/name@COMMIT`); ModelUnavailable says what is wrong."""
    found = read_catalog(catalog)
    if name in found.models:
        entry = found.models[name]
        if not isinstance(entry, BellwetherEntry):
            raise ModelUnavailable(f"{name} is put together of Hugging Face models; give the folder or hub id of one of them as --base")
        return _own_format(name, found.place(entry.path))
    if (folder := Path(name)).is_dir():
        values = _read_config(folder)
        return _own_format(name, folder) if "format" in values else _bert(name, folder, values)
    hub = _HUB_ID.fullmatch(name)
    if hub is None:
        raise ModelUnavailable(
            f"no base {name!r}: neither in the catalogue ({', '.join(sorted(found.models))}), nor a folder, nor a hub id"
        )
    folder = _download(hub["id"], hub["revision"])
    return _bert(name, folder, _read_config(folder))


def fresh_base(tokens_of: Base, options: Options) -> Base:
    """Make an encoder of random weights and the sizes asked for, with no head; it reads with the tokenizer of another base."""
    theirs = tokens_of.network.config
    encoder = EncoderConfig(
        vocab_size=theirs.encoder.vocab_size,
        width=options.width,
        n_layers=options.n_layers,
        n_attention_heads=options.n_attention_heads,
        inner_width=4 * options.width,
        n_positions=theirs.window_tokens + 2,
        n_shapes=len(Shape),
    )
    torch.manual_seed(options.seed)
    network = Network(NetworkConfig(encoder=encoder, heads={}, tags=(), window_tokens=theirs.window_tokens, special=theirs.special))
    return Base("scratch", "", network, tokens_of.tokenizer)


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelUnavailable(f"{folder} has no {CONFIG} that can be read ({problem}); give a model's folder") from problem
    return dict(values)


def _own_format(name: str, folder: Path) -> Base:
    network = load_network(folder)
    network.config = replace(network.config, is_int8=False, words=None)  # what is taught on is kept whole, in 16 bits
    return Base(name, revision_of([folder / CONFIG, folder / WEIGHTS]), network, (folder / TOKENIZER).read_text(encoding="utf-8"), folder)


def _bert(name: str, folder: Path, values: dict[str, Any]) -> Base:
    if values.get("model_type") != "bert":
        raise ModelUnavailable(f"{name} is of type {values.get('model_type')!r}; a base must be BERT-shaped (model_type bert)")
    missing = [file for file in (TOKENIZER, WEIGHTS) if not (folder / file).is_file()]
    if missing:
        raise ModelUnavailable(f"{name} lacks {', '.join(missing)}; a base needs a fast tokenizer and its weights as safetensors")
    try:
        encoder = replace(config_from_bert(values, n_shapes=len(Shape)), dropout=0.0)
        state = {key.removeprefix("bert."): value.float() for key, value in load_file(str(folder / WEIGHTS)).items()}
        weights = from_bert(state, config=encoder)
        tokenizer = read_tokenizer(folder)
        reader = TextTokenizer(tokenizer)
        special = {part: reader.special(token) for part, token in (("pad", "[PAD]"), ("start", "[CLS]"), ("end", "[SEP]"))}
    except (KeyError, ValueError, SafetensorError) as problem:
        raise ModelUnavailable(f"{name} is not usable as a base: {problem}") from problem
    window_tokens = min(_WINDOW_TOKENS, encoder.n_positions - 2)
    network = Network(NetworkConfig(encoder=encoder, heads={}, tags=(), window_tokens=window_tokens, special=special))
    network.encoder.load_state_dict(weights, strict=False)  # all but the letter case, which it never knew
    return Base(name, revision_of([folder / CONFIG, folder / WEIGHTS]), network.eval(), tokenizer.to_str())


def _download(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=[CONFIG, TOKENIZER, WEIGHTS]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as problem:
        reason = str(problem).splitlines()[0]
        raise ModelUnavailable(
            f"{name} can't be had from the hub ({reason}); check its name, or download it and give the folder"
        ) from problem
