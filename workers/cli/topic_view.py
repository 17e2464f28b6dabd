"""How drafts, faults and figures of taxonomies show on a terminal, as JSON and as a page; what they say is `pipelines.training.topics`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from pipelines.training.evaluation import LabelScores
    from pipelines.training.topics import Embedded, Finding, Measured, Suggested

_MOST_COLUMNS = 12
"""The most topics whose confusion is shown as a square."""
_MOST_PAIRS = 10


def print_suggested(found: Sequence["Suggested"], *, draft: str, out: Path | None, as_json: bool) -> None:
    """Print the candidates; without a file to hold it, the draft too."""
    if as_json:
        typer.echo(json.dumps({"topics": [asdict(one) for one in found], "draft": draft}, ensure_ascii=False, indent=2))
        return
    if out is None:
        typer.echo(draft, nl=False)
        return
    rows = [
        {"topic": one.name, "records": one.n, "share": f"{one.share:.0%}", "tightness": one.tightness, "phrases": ", ".join(one.phrases)}
        for one in found
    ]
    print_rows(rows, columns=list(rows[0]), form=Format.TABLE, title=f"{len(found)} candidate topics")
    typer.echo(f"The draft is {out}: rename, merge and drop topics there, then run: bellwether topics check --taxonomy {out}")


def print_findings(found: Sequence["Finding"], embedded: "Embedded", *, n_records: int, as_json: bool) -> None:
    """Print what is wrong with a taxonomy and the mend of each, or that nothing is."""
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
        return
    taxonomy = embedded.taxonomy
    n_examples = sum(len(topic.examples) for topic in taxonomy.topics)
    beside = f" and {n_records:,} records" if n_records else ""
    how = "set in the file" if taxonomy.threshold is not None else "fitted to the examples"
    typer.echo(f"{taxonomy.name}: {len(taxonomy.topics)} topics, {n_examples} examples{beside}; threshold {embedded.threshold:.2f}, {how}.")
    for one in found:
        typer.echo(f"\n{one.fault}{f' · {one.topic}' if one.topic else ''}: {one.shows}\n  -> {one.mend}")
    if not found:
        typer.echo("Nothing to mend." if n_records else "Nothing to mend. With --data FILE it is also held against real records.")


def print_measured(found: "Measured", *, as_json: bool) -> None:
    """Print the figures of a taxonomy."""
    from pipelines.training.topics.measure import scores_of

    if as_json:
        typer.echo(json.dumps(_everything(found), ensure_ascii=False, indent=2))
        return
    scores = scores_of(found.served)
    _table([_headline(found)], title=f"{found.taxonomy} on {found.served.file}")
    _table(
        [
            {"topic": one.label, "n": one.n, "given": one.n_given, "precision": one.precision, "recall": one.recall, "f1": one.f1}
            for one in scores.by_label
            if one.n or one.n_given
        ],
        title="by topic, as served",
    )
    _print_confusion(scores)
    _table([{name: round(value, 3) for name, value in asdict(one).items()} for one in found.thresholds], title="other thresholds")
    for note in found.served.notes:
        typer.echo(note)


def save_measured(found: "Measured", path: Path, *, hide_texts: bool) -> None:
    """Write the page of what is served."""
    from pipelines.training.evaluation.report import Part, save_report

    lead = (
        f"Taxonomy {found.taxonomy} as served, at threshold {found.threshold:.2f}: {found.coverage:.0%} of the rows get a topic; "
        f"macro F1 is {found.served.figures()['macro_f1']:.1%}, or {found.forced.figures()['macro_f1']:.1%} where each takes its likeliest."
    )
    save_report(path, [Part([found.served])], title="Taxonomy", lead=lead, texts=not hide_texts)


def _headline(found: "Measured") -> dict[str, Any]:
    served, forced = found.served.figures(), found.forced.figures()
    row = {"rows": found.served.scores.n, "threshold": round(found.threshold, 3), "coverage": found.coverage}
    row |= {name: served[name] for name in ("macro_f1", "accuracy", "out_of_scope_recall", "ece") if name in served}
    return row | {"macro_f1_without_threshold": forced["macro_f1"]}


def _everything(found: "Measured") -> dict[str, Any]:
    return {
        "taxonomy": found.taxonomy,
        "threshold": found.threshold,
        "coverage": found.coverage,
        "served": found.served.to_json(),
        "forced": found.forced.to_json(),
        "thresholds": [asdict(one) for one in found.thresholds],
    }


def _print_confusion(scores: "LabelScores") -> None:
    there = [place for place, row in enumerate(scores.confusion) if any(row) or any(one[place] for one in scores.confusion)]
    if len(there) > _MOST_COLUMNS:
        wrong = [(scores.confusion[truth][given], truth, given) for truth in there for given in there if truth != given]
        most = sorted((one for one in wrong if one[0]), reverse=True)[:_MOST_PAIRS]
        rows = [{"label": scores.labels[truth], "given": scores.labels[given], "rows": n} for n, truth, given in most]
        _table(rows, title="most often confused")
    else:
        square = [
            {"label": scores.labels[truth], **{scores.labels[given]: scores.confusion[truth][given] for given in there}}
            for truth in there
            if any(scores.confusion[truth])
        ]
        _table(square, title="label by what was given")


def _table(rows: Sequence[dict[str, Any]], *, title: str) -> None:
    if rows:
        print_rows(rows, columns=list(rows[0]), form=Format.TABLE, title=title)
        typer.echo()
