"""What a run tells while it runs; drawing it is left to the command."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pace:
    """A run after step `step` of at most `n_steps`: the task's loss, smoothed, and for how many seconds it may go on at most."""

    step: int
    n_steps: int
    loss: float
    seconds_left: float


class Watch(Protocol):
    """Somebody who follows a run."""

    def step(self, pace: Pace) -> None:
        """Hear of one step: called often."""

    def line(self, text: str) -> None:
        """Hear a sentence: called seldom."""


class Unwatched:
    """Nobody."""

    def step(self, pace: Pace) -> None:
        """Ignore a step."""

    def line(self, text: str) -> None:
        """Ignore a sentence."""
