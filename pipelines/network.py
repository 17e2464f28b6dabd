"""The encoder with its heads, and the model folder that holds them: `config.json`, `tokenizer.json`, `model.safetensors`.

Batching and devices are left to `pipelines.model`, teaching to `pipelines.training`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from pipelines.encoder import Encoder, EncoderConfig
from pipelines.errors import ModelUnavailable
from pipelines.weights import WEIGHTS, Borrowed, read_weights, write_weights

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
FORMAT = 2
READABLE = (1, FORMAT)
"""Format 1 knew no targets and no calibration."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted on held-out rows after training.

    `temperature` divides a head's logits, so that their softmax is as sure as it is right. `threshold` is the probability
    below which the honest answer is "none of these".
    """

    temperature: float = 1.0
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What a model folder's `config.json` says.

    `heads` maps a sequence head to its labels; `tags` are the BIO tags of the entity head; `targets` the labels of sentiment
    towards a mention; `calibration` goes by head; `window_tokens` is the longest window the model was taught on, special
    tokens excluded. `is_int8` says that the encoder's matrices are stored in 8 bits and may be multiplied so; `words` whose
    word embeddings these are, if not its own.
    """

    encoder: EncoderConfig
    heads: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    targets: tuple[str, ...] = ()
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    window_tokens: int = 126
    head_dropout: float = 0.1
    special: Mapping[str, int] = field(default_factory=lambda: {"pad": 0, "start": 101, "end": 102})
    is_int8: bool = False
    words: Borrowed | None = None

    def to_json(self) -> str:
        """Write the configuration as it stands in `config.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read `config.json`; ModelUnavailable for a format that this version does not know."""
        values: dict[str, Any] = json.loads(text)
        if (found := values.pop("format", None)) not in READABLE:
            raise ModelUnavailable(
                f"the model's {CONFIG} is of format {found}, and this version reads {READABLE}: update Bellwether, or train anew"
            )
        words = values.pop("words", None)
        return cls(
            encoder=EncoderConfig(**values.pop("encoder")),
            heads={name: tuple(labels) for name, labels in values.pop("heads").items()},
            tags=tuple(values.pop("tags")),
            targets=tuple(values.pop("targets", ())),
            calibration={name: Calibration(**found) for name, found in values.pop("calibration", {}).items()},
            words=Borrowed(**words) if words else None,
            **values,
        )


class Mlp(nn.Sequential):
    """A hidden layer and a linear classifier over states of any leading shape."""

    def __init__(self, width: int, n_labels: int, *, dropout: float) -> None:
        super().__init__(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, n_labels))

    def bias_of(self, label: int) -> Tensor:
        """Return a view of what is added to one label's logit, whatever the input."""
        last = self[-1]
        assert isinstance(last, nn.Linear)
        return last.bias[label]


class SequenceHead(nn.Module):
    """Classify a window by a learned weighting of its tokens, which starts out as their mean."""

    def __init__(self, width: int, n_labels: int, *, dropout: float) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(width))
        self.classify = Mlp(width, n_labels, dropout=dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return logits (batch, n_labels) of states (batch, length, width)."""
        scores = (hidden @ self.query).masked_fill(~mask, -torch.inf)
        pooled = torch.softmax(scores, dim=-1)[:, None, :] @ hidden
        logits: Tensor = self.classify(pooled[:, 0])
        return logits


class TargetHead(nn.Module):
    """Judge the sentiment towards single tokens: each looks over its window for what is said of it, with no marker in the text.

    `nearness` is added to the attention by how far a token stands behind or before the one that looks: of two things in one
    sentence each has its own words near.
    """

    FARTHEST = 32
    SCALE = 20.0
    """Learnt in these units, nearness moves as fast as the weights beside it need it to."""

    def __init__(self, width: int, n_labels: int, *, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.merge = nn.Linear(2 * width, width)
        self.classify = nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(width, n_labels))
        self.nearness = nn.Parameter(torch.zeros(2 * self.FARTHEST + 1))

    def forward(self, hidden: Tensor, mask: Tensor, chosen: Tensor) -> Tensor:
        """Return logits (n_chosen, n_labels), in the order of the True places of `chosen` (batch, length)."""
        window, place = chosen.nonzero(as_tuple=True)
        order = (chosen.cumsum(dim=1) - 1)[window, place]
        n_asked = int(order.max()) + 1
        asked = hidden.new_zeros(len(hidden), n_asked, hidden.shape[-1]).index_put((window, order), hidden[window, place])
        places = place.new_zeros(len(hidden), n_asked).index_put((window, order), place)
        distances = torch.arange(hidden.shape[1], device=hidden.device) - places[:, :, None]
        near = self.SCALE * self.nearness[distances.clamp(-self.FARTHEST, self.FARTHEST) + self.FARTHEST]
        scores = self.query(asked) @ hidden.transpose(1, 2) / math.sqrt(hidden.shape[-1]) + near
        context = torch.softmax(scores.masked_fill(~mask[:, None, :], -torch.inf), dim=-1) @ hidden
        pairs = torch.cat((hidden[window, place], context[window, order]), dim=-1)
        logits: Tensor = self.classify(self.merge(pairs))
        return logits


class Network(nn.Module):
    """One encoder, several sequence heads, an entity head, a head of sentiment towards mentions and one embedding head."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.encoder.width
        self.config = config
        self.encoder = Encoder(config.encoder)
        self.sequence = nn.ModuleDict(
            {name: SequenceHead(width, len(labels), dropout=config.head_dropout) for name, labels in config.heads.items()}
        )
        self.entities = Mlp(width, len(config.tags), dropout=config.head_dropout) if config.tags else None
        self.targets = TargetHead(width, len(config.targets), dropout=config.head_dropout) if config.targets else None
        self.embedding = nn.Linear(width, width, bias=False)
        nn.init.eye_(self.embedding.weight)  # starts as the base model's own mean-pooled embedding

    def classify(self, head: str, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return a sequence head's logits (batch, n_labels)."""
        logits: Tensor = self.sequence[head](hidden, mask)
        return logits

    def classify_all(self, hidden: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return the logits (batch, n_labels) of every sequence head: all weigh the tokens in one product, which is faster."""
        heads = {name: head for name, head in self.sequence.items() if isinstance(head, SequenceHead)}
        if not heads:
            return {}
        scores = hidden @ torch.stack([head.query for head in heads.values()], dim=-1)
        weights = torch.softmax(scores.masked_fill(~mask[:, :, None], -torch.inf), dim=1)
        pooled = weights.transpose(1, 2) @ hidden
        return {name: head.classify(pooled[:, place]) for place, (name, head) in enumerate(heads.items())}

    def tag(self, hidden: Tensor) -> Tensor:
        """Return log-probabilities (..., n_tags) of states (..., width); ValueError if the model has no entity head."""
        if self.entities is None:
            raise ValueError("the model has no entity head")
        return functional.log_softmax(self.entities(hidden), dim=-1)

    def towards(self, hidden: Tensor, mask: Tensor, chosen: Tensor) -> Tensor:
        """Return logits (n_chosen, n_targets) of sentiment towards the True places of `chosen` (batch, length), in their order."""
        if self.targets is None:
            raise ValueError("the model has no head of sentiment towards mentions")
        if not bool(chosen.any()):
            return hidden.new_zeros(0, len(self.config.targets))
        logits: Tensor = self.targets(hidden, mask, chosen)
        return logits

    def embed(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return unit vectors (batch, width)."""
        weights = mask.to(hidden.dtype)[:, :, None]
        mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
        return functional.normalize(self.embedding(mean), dim=-1)


def save_network(network: Network, folder: Path, *, tokenizer: str) -> None:
    """Write a model folder; weights as its configuration says, `tokenizer` the text of its `tokenizer.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(network.state_dict(), folder, is_int8=network.config.is_int8, words=network.config.words)
    (folder / CONFIG).write_text(network.config.to_json(), encoding="utf-8")
    (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")


class _Blank(TorchFunctionMode):
    """Leave new weights blank where they are about to be read from a file: drawing them at random takes a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        values = kwargs or {}
        return values["tensor"] if func in {nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_} else func(*args, **values)


def load_network(folder: Path) -> Network:
    """Read a model folder into single precision on the CPU, ready for inference; ModelUnavailable says what is wrong with it."""
    missing = [name for name in (CONFIG, TOKENIZER, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailable(f"{folder} lacks {', '.join(missing)}")
    config = NetworkConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
    with _Blank():
        network = Network(config)
    state = read_weights(folder, words=config.words)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as problem:
        raise ModelUnavailable(f"{folder / WEIGHTS} does not fit {CONFIG}: {problem}") from problem
    return network.eval().requires_grad_(requires_grad=False)
