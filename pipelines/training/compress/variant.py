"""What compressing a model is asked for and what comes of it, as values; the work is in `run`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.training.compress.gate import MAX_LOSS, Loss, refused_by
from pipelines.training.compress.speed import Speed


@dataclass(frozen=True, slots=True)
class Depth:
    """How a shallower model is to be made: `n_layers` of the original's, taught on `texts` for `n_tokens`."""

    n_layers: int
    texts: Sequence[Path]
    n_tokens: int = 700_000
    seed: int = 17


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of the model folder `source`, called `source_name`: 8 bits, fewer layers (`depth`), or both.

    The gate measures on the `data` files (at most `limit` rows of each, evenly spread) and shuts above `max_loss` points. The variant comes
    to lie in `out`; `work` keeps what is unfinished.
    """

    source_name: str
    source: Path
    name: str
    out: Path
    work: Path
    data: Sequence[Path]
    is_int8: bool = True
    depth: Depth | None = None
    shares_words: bool = False
    limit: int | None = None
    max_loss: float = MAX_LOSS
    n_threads: int = 1


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a model's weights as stored; for memory, what they take loaded is four bytes a number, or one in int8."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was measured of a variant against its original; `speeds` begin with the original's."""

    losses: Sequence[Loss]
    speeds: Sequence[Speed]
    size: Size
    max_loss: float
    notes: Sequence[str] = ()

    @property
    def refused(self) -> list[Loss]:
        """The losses that shut the gate; none where the variant may be used."""
        return refused_by(self.losses, max_loss=self.max_loss)
