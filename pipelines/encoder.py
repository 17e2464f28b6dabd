"""Turn token ids into hidden states with a BERT-shaped transformer of our own, and choose its arithmetic by measuring.

What the states mean is left to `pipelines.network` (heads) and `pipelines.heads` (decoding); tokenising to `pipelines.tokens`.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Sizes of an encoder; the defaults are MiniLM-L6-H384. `n_shapes` counts the letter-case classes of `pipelines.tokens`."""

    vocab_size: int = 30522
    width: int = 384
    n_layers: int = 6
    n_attention_heads: int = 12
    inner_width: int = 1536
    n_positions: int = 512
    n_shapes: int = 7
    layer_norm_eps: float = 1e-12
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % self.n_attention_heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.n_attention_heads} attention heads")


class Layer(nn.Module):
    """One post-norm transformer layer; queries, keys and values share one matrix product."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.n_heads = config.n_attention_heads
        self.dropout = config.dropout
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.mixed = nn.Linear(config.width, config.width)
        self.attention_norm = nn.LayerNorm(config.width, eps=config.layer_norm_eps)
        self.inner = nn.Linear(config.width, config.inner_width)
        self.outer = nn.Linear(config.inner_width, config.width)
        self.outer_norm = nn.LayerNorm(config.width, eps=config.layer_norm_eps)

    def forward(self, hidden: Tensor, bias: Tensor | None) -> Tensor:
        """Map (batch, length, width) to the same shape; `bias` (batch, 1, 1, length) is added to the attention scores."""
        batch, length, width = hidden.shape
        qkv = self.qkv(hidden).view(batch, length, 3, self.n_heads, width // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = self._attend(query, key, value, bias).transpose(1, 2).reshape(batch, length, width)
        hidden = self.attention_norm(hidden + self._drop(self.mixed(mixed)))
        after: Tensor = self.outer_norm(hidden + self._drop(self.outer(functional.gelu(self.inner(hidden)))))
        return after

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        if not self.training:
            return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        # The fused kernel's backward pass is far slower than two plain products on a CPU.
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        weights = torch.softmax(scores if bias is None else scores + bias, dim=-1)
        return self._drop(weights).to(value.dtype) @ value

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.dropout, self.training)


class Encoder(nn.Module):
    """Embeddings (word, position, letter case) and a stack of layers."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Embedding(config.n_positions, config.width)
        self.shapes = nn.Embedding(config.n_shapes, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))
        self.apply(_initialise)
        nn.init.zeros_(self.shapes.weight)  # an uncased base starts out exactly as it was

    def forward(self, ids: Tensor, shapes: Tensor, mask: Tensor) -> Tensor:
        """Return hidden states (batch, length, width) of ids and shapes (batch, length); `mask` is True on real tokens."""
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden: Tensor = self.words(ids) + self.positions(places) + self.shapes(shapes)
        hidden = functional.dropout(self.norm(hidden), self.config.dropout, self.training)
        # Without padding there is nothing to mask, and the unmasked kernel is faster.
        bias = None if bool(mask.all()) else _attention_bias(mask, hidden.dtype)
        for layer in self.layers:
            hidden = layer(hidden, bias)
        return hidden


def _attention_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    bias = torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, torch.finfo(dtype).min)
    return bias[:, None, None, :]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


def from_bert(state: Mapping[str, Tensor], *, config: EncoderConfig) -> dict[str, Tensor]:
    """Rename and fuse the tensors of a Hugging Face BERT checkpoint into an `Encoder` state without its `shapes`.

    The token type of every token is 0, so its embedding is folded into the positions. KeyError names a missing tensor.
    """
    types = state["embeddings.token_type_embeddings.weight"]
    ours = {
        "words.weight": state["embeddings.word_embeddings.weight"],
        "positions.weight": state["embeddings.position_embeddings.weight"] + types[0],
        "norm.weight": state["embeddings.LayerNorm.weight"],
        "norm.bias": state["embeddings.LayerNorm.bias"],
    }
    renamed = {
        "mixed": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "outer_norm": "output.LayerNorm",
    }
    for number in range(config.n_layers):
        source = f"encoder.layer.{number}."
        for part in ("weight", "bias"):
            fused = [state[f"{source}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            ours[f"layers.{number}.qkv.{part}"] = torch.cat(fused)
            for name, theirs in renamed.items():
                ours[f"layers.{number}.{name}.{part}"] = state[f"{source}{theirs}.{part}"]
    return ours


def config_from_bert(values: Mapping[str, Any], *, n_shapes: int) -> EncoderConfig:
    """Read a Hugging Face BERT `config.json`; ValueError for an activation that this encoder does not compute."""
    if values.get("hidden_act", "gelu") != "gelu":
        raise ValueError(f"hidden_act {values['hidden_act']!r} is not supported, only 'gelu'")
    return EncoderConfig(
        vocab_size=int(values["vocab_size"]),
        width=int(values["hidden_size"]),
        n_layers=int(values["num_hidden_layers"]),
        n_attention_heads=int(values["num_attention_heads"]),
        inner_width=int(values["intermediate_size"]),
        n_positions=int(values["max_position_embeddings"]),
        n_shapes=n_shapes,
        layer_norm_eps=float(values.get("layer_norm_eps", 1e-12)),
        dropout=float(values.get("hidden_dropout_prob", 0.1)),
    )


def fastest_dtype(module: nn.Module, *, device: torch.device) -> torch.dtype:
    """Choose fp16 on a GPU; on a CPU time a matrix product of the layers' size in bf16 and in fp32 (about 20 ms in all).

    Which wins depends on the processor: with matrix units bf16 is several times faster, without them up to 100 times slower.
    A small gain is left: fp32 is exact, and a busy machine makes small differences up.
    """
    if device.type != "cpu":
        return torch.float16
    width = next((part.in_features for part in module.modules() if isinstance(part, nn.Linear)), 64)
    operands = {
        dtype: (torch.ones(64, width, dtype=dtype), torch.ones(4 * width, width, dtype=dtype)) for dtype in (torch.float32, torch.bfloat16)
    }
    best = dict.fromkeys(operands, math.inf)
    with torch.inference_mode():
        for _ in range(8):  # in turns, so that a neighbour's burst of work slows both
            for dtype, (left, right) in operands.items():
                begun = time.perf_counter()
                functional.linear(left, right)
                best[dtype] = min(best[dtype], time.perf_counter() - begun)
    return torch.bfloat16 if best[torch.bfloat16] < 0.7 * best[torch.float32] else torch.float32
