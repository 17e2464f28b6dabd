"""The rounds of a run as JSON lines: one a round, written as it ends; drawing them is left to `curves`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

METRICS = "metrics.jsonl"


@dataclass(frozen=True, slots=True)
class Round:
    """A round, counted from 1, that ended after gradient step `step`.

    `loss` is the task's on the rows it learnt from, `kept` how far the other heads' answers were from the base's; `dev_loss` and
    `dev_f1` are those of `judge` on the rows it stops early by.
    """

    number: int
    step: int
    loss: float
    kept: float
    dev_loss: float
    dev_f1: float
    seconds: float

    def sentence(self, *, is_best: bool) -> str:
        """Say it in one line."""
        kept = f", kept {self.kept:.3f}" if self.kept else ""
        best = " (the best so far)" if is_best else ""
        learnt = f"round {self.number}, step {self.step}: loss {self.loss:.3f}{kept}"
        return f"{learnt}; held-out loss {self.dev_loss:.3f}, F1 {self.dev_f1:.3f}{best}"


def log_round(done: Round, folder: Path) -> None:
    """Append a round to the run's metrics."""
    values = {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(done).items()}
    with (folder / METRICS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(values) + "\n")


def read_metrics(folder: Path) -> list[Round]:
    """Read the rounds of a run."""
    path = folder / METRICS
    return [Round(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def cut_metrics(folder: Path, *, n_rounds: int) -> None:
    """Keep only the first rounds in the run's metrics."""
    path = folder / METRICS
    kept = path.read_text(encoding="utf-8").splitlines()[:n_rounds] if path.exists() else []
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
