"""How a training run shows on a terminal and off it; the run itself is `pipelines.training.own`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from workers.cli.common import Format, print_rows
from workers.cli.progress import Counter, shown

if TYPE_CHECKING:
    from pipelines.training.own.outcome import Outcome
    from pipelines.training.own.register import Registered
    from pipelines.training.own.watch import Pace, Watch

MOST_LABELS = 12


class _Told:
    """Draws steps on a bar and prints sentences above it."""

    def __init__(self, counter: Counter, *, is_quiet: bool) -> None:
        self._counter, self._is_quiet = counter, is_quiet

    def step(self, pace: "Pace") -> None:
        """Move the bar."""
        self._counter.update(done=pace.step, total=pace.n_steps, note=f"loss {pace.loss:.3f}, at most {_span(pace.seconds_left)} left")

    def line(self, text: str) -> None:
        """Print a sentence, to standard error where standard output is for figures."""
        typer.echo(text, err=self._is_quiet)


@contextmanager
def watched(*, is_quiet: bool) -> Iterator["Watch"]:
    """Give somebody who shows a run; `is_quiet` keeps standard output for what comes at the end."""
    with shown("training") as counter:
        yield _Told(counter, is_quiet=is_quiet)


def print_outcome(outcome: "Outcome", entered: "Registered", *, is_set: bool, as_json: bool) -> None:
    """Print how well the model reads, what became of the base's other heads, and how to use it; `is_set`: the catalogue is in use."""
    if as_json:
        values = {**outcome.to_json(), "catalog": str(entered.catalog), "kept_as": entered.kept_as or None}
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    _print_figures(outcome)
    if outcome.drifts:
        rows = [{"head": one.head, "answers": one.n, "the same": f"{one.agreement:.1%}", "moved by": one.shift} for one in outcome.drifts]
        print_rows(
            rows, columns=("head", "answers", "the same", "moved by"), form=Format.TABLE, title="The base's other heads, on the same rows"
        )
    typer.echo(f"\nReport {outcome.model.parent / 'report.html'}, card {outcome.model / 'README.md'}")
    if entered.kept_as:
        typer.echo(f"{entered.catalog}: {entered.name} is now this model; the one before stays as {entered.kept_as}")
    else:
        typer.echo(f"{entered.catalog}: {entered.name}, revision {entered.revision}")
    model = entered.name if is_set else outcome.model
    typer.echo(f"Try it:  bellwether evaluate --model {model} --task {outcome.options.task} --data FILE")
    catalog = "" if is_set else f'catalog = "{entered.catalog}"\n'
    typer.echo(f'Use it, in bellwether.toml:\n[engine]\n{catalog}model = "{entered.name}"')


def _print_figures(outcome: "Outcome") -> None:
    from pipelines.training.evaluation.comparison import compare

    found = outcome.evaluation
    typer.echo(f"\n{found.task}, {outcome.run['n_rows']['test']:,} rows held out: {found.headline()}")
    for what, other in (("the base itself", outcome.before), ("--base default --method head", outcome.beside)):
        if other:
            typer.echo(f"{what}: {other.headline()}")
            typer.echo(compare(found, other).verdict())
    by_label: Sequence[Any] = found.scores.by_label
    labels = sorted(by_label, key=lambda one: float(one.f1))[:MOST_LABELS]
    rows = [{"label": one.label, "n": one.n, "precision": one.precision, "recall": one.recall, "f1": one.f1} for one in labels]
    title = "By label" if len(labels) == len(by_label) else f"The {MOST_LABELS} labels it finds hardest"
    print_rows(rows, columns=("label", "n", "precision", "recall", "f1"), form=Format.TABLE, title=title)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004  (as people say it)
