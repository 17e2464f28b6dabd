"""What a run came to, as its card, its report and its command tell it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.network import Calibration
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.own.fit import Fitted
from pipelines.training.own.keeping import Drift
from pipelines.training.own.lesson import Lesson
from pipelines.training.own.metrics import Round
from pipelines.training.own.options import Options


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run.

    `run` is what `config.json` of its folder says; `before` are the base's own figures on the same rows, if it had the head;
    `beside` those of the default way, for a network from scratch. `n_learnt` of `n_weights` were taught.
    """

    name: str
    revision: str
    model: Path
    run: Mapping[str, Any]
    options: Options
    lesson: Lesson
    fitted: Fitted
    rounds: tuple[Round, ...]
    calibration: Calibration | None
    evaluation: Evaluation
    before: Evaluation | None
    beside: Evaluation | None
    drifts: tuple[Drift, ...]
    n_learnt: int
    n_weights: int
    window_tokens: int
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long the rounds took."""
        return sum(one.seconds for one in self.rounds)

    def to_json(self) -> dict[str, Any]:
        """Return all figures, for other programs: to six digits, since the last ones of a sum depend on where in memory it stood."""
        found: dict[str, Any] = _rounded(self._values())
        return found

    def _values(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "revision": self.revision,
            "model": str(self.model),
            "task": self.options.task,
            "method": str(self.options.method),
            "base": self.run["base"],
            "n_rows": self.run["n_rows"],
            "n_learnt": self.n_learnt,
            "n_weights": self.n_weights,
            "best_round": self.fitted.best_round,
            "n_rounds": self.fitted.n_rounds,
            "seconds": round(self.seconds, 1),
            "calibration": asdict(self.calibration) if self.calibration else None,
            "figures": self.evaluation.to_json(),
            "before": self.before.to_json() if self.before else None,
            "beside": self.beside.to_json() if self.beside else None,
            "drift": [asdict(one) for one in self.drifts],
            "notes": list(self.notes),
        }


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value
