"""Write the default model's card: what it is, what it learnt from and under which licences, how well it reads, what it can't do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import torch

from pipelines.model import revision_of
from pipelines.network import CONFIG, NetworkConfig
from pipelines.training.corpus import HELD_OUT, LEAST_ROWS, Corpus
from pipelines.training.evaluation import Evaluation
from pipelines.training.evaluation.slices import Slicing, slices_of
from pipelines.training.refine import N_EPOCHS
from pipelines.training.settle import Settled
from pipelines.training.shipped import LESSONS
from pipelines.training.train import Recipe
from pipelines.weights import WEIGHTS

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the base encoder's `model.safetensors`."""

INTRODUCTION = """\
# The default model

One pass of a six-layer encoder reads a window of up to {window_tokens} tokens; its heads and an embedding share what it found.

- Base: all-MiniLM-L6-v2 (`sentence-transformers/all-MiniLM-L6-v2`, Apache-2.0), all layers taught further, its word
  embeddings left as they were.
- Added: an embedding of each token's letter case (lower, Title, UPPER, mixed, digit, other), since the base reads everything in lower
  case and names live by their capitals.
- Heads: {heads}; `sentiment_targets` (the sentiment towards each mention), `entities` (PER, ORG, LOC as BIO tags,
  decoded so that only whole words are marked) and `embedding` (384 numbers of unit length, kept close to the base model's own).
- Weights: half precision safetensors, {megabytes:.1f} MB, sha256 `{digest}`.
- Revision: `{revision}` (of the configuration and the weights together).

## What it is for

Reading English news, market messages and customer-service texts in bulk: a first opinion on each, good enough to count, to rank and to
raise an alarm that a person then looks at. `bellwether explain` shows why it said what it said.

It is not for decisions about a single person (credit, hiring, moderation without appeal), for medical or legal texts, or for
languages other than English. No score of it is a fact about anybody.
"""

LIMITS = """\
## What it can't do

- English only: other languages are read, but nobody measured how badly.
- The news head learnt from market headlines and market tweets, the support head from general tweets: neither learnt from
  support tickets or complaints, where almost every text is negative and the degree matters more than the sign.
- Irony is mostly beyond it. The sentiment towards a mention was learnt from companies in headlines and from politicians and public bodies
  in news sentences; towards products, places or private people it is a guess.
- The complaint products are skewed (most are payday loans and credit reports, by way of small mirrors of the original), and the label
  is what the consumer picked; the rare products are guesses. BANKING77 has label noise between neighbouring intents; MultiDoGO's labels
  are those of single turns, read without the turns before.
- "None of these" was learnt from 100 questions to a voice assistant and otherwise rests on a threshold: expect it to be missed where a text
  is near to a topic, and to come too often for topics said in unusual words.
- The entity data mixes tweets, encyclopaedia, politics and filings, each with habits of its own: expect it to miss names without
  capitals and to be unsure between a company and its product. Figures are exact-match over whole spans.
- Temperatures were fitted on rows like those it learnt from: on texts of another kind it is surer than it is right.
- Texts from social platforms carry those platforms' biases: `bellwether fairness` measures some of them, `docs/model.md` has its figures.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a finished run leaves for its card; `data` is the folder it read, `metrics` the file that it wrote a line a step to."""

    recipe: Recipe
    corpus: Corpus
    settled: Settled
    evaluations: Sequence[Evaluation]
    data: Path
    metrics: Path


def write_card(folder: Path, run: Run) -> None:
    """Write `README.md` into a model folder from what the run recorded."""
    parts = [_introduction(folder), _sources(run), _figures(run), _slices(run.evaluations), _balance(run.settled), LIMITS, _rebuilding(run)]
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _introduction(folder: Path) -> str:
    config = NetworkConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
    weights = (folder / WEIGHTS).read_bytes()
    return INTRODUCTION.format(
        window_tokens=config.window_tokens,
        heads=", ".join(f"`{name}` ({len(labels)})" for name, labels in config.heads.items()),
        megabytes=len(weights) / 1e6,
        digest=sha256(weights).hexdigest(),
        revision=revision_of([folder / CONFIG, folder / WEIGHTS]),
    )


def _sources(run: Run) -> str:
    taught, held = run.corpus.taught, run.corpus.held
    rows = [
        f"| `{task}` | {one.share:.0%} | {len(taught[task]):,} / {len(held[task]):,} | {one.origin} | {one.licence} "
        f"| `{_digest(run.data / f'{task}.train.jsonl.gz')}` |"
        for task, one in LESSONS.items()
    ]
    refined = ", ".join(f"`{task}`" for task, one in LESSONS.items() if one.refined)
    return "\n".join(
        [
            "## What it learnt from",
            "",
            "| task | share of steps | rows taught / held out | from | licence | sha256 of its file |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "No test part was used. No development file chose a weight, a temperature or a threshold; `docs/model.md` says which choices",
            "of method were made after seeing figures on them.",
            f"{HELD_OUT:.0%} of the training rows, chosen by a hash of their text, were held out to calibrate on. Labels with fewer than",
            f"{LEAST_ROWS} rows were left out as slips. After the shared steps, the heads of {refined}",
            f"had {N_EPOCHS} more epochs on an encoder that stood still.",
            "",
        ]
    )


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def _figures(run: Run) -> str:
    return "\n".join(
        [
            "## How well it reads",
            "",
            "Development files, never trained on, read by the code that serves: `bellwether evaluate --model default --data FILE...`.",
            "Figures of two seeds, experiments, robustness and fairness are in `docs/model.md`.",
            "",
            "| task | units | figures |",
            "|---|---|---|",
            *(f"| `{one.task}` | {one.scores.n:,} | {one.headline()} |" for one in run.evaluations),
            "",
            "### Calibration",
            "",
            "Each head's logits are divided by a temperature that was fitted on the held-out rows (`config.json` holds it). `ece` is the",
            "expected calibration error over 15 bins of equal width. Below its threshold a topic head says none of its topics: the",
            "probability below which 2% of the held-out rows lie that do have one.",
            "",
            "| head | temperature | threshold | ece on the development file |",
            "|---|---|---|---|",
            *_calibration(run),
            "",
        ]
    )


def _calibration(run: Run) -> list[str]:
    errors: Mapping[str, float | None] = {one.task: one.figures().get("ece") for one in run.evaluations}
    return [
        f"| `{task}` | {found.temperature:.2f} | {f'{found.threshold:.2f}' if found.threshold else ''} | {errors.get(task) or 0:.3f} |"
        for task, found in run.settled.calibration.items()
    ]


def _slices(evaluations: Sequence[Evaluation]) -> str:
    rows = [
        f"| `{one.task}` | {part.name} | {part.n:,} | {part.main.replace('_', ' ')} {part.figures[part.main]:.1%} "
        f"({part.interval.low:.1%} to {part.interval.high:.1%}) |"
        for one in evaluations
        if len({example.source for example in one.examples}) > 1
        for part in slices_of(one, Slicing.SOURCE)
    ]
    return "\n".join(
        ["### By source", "", "With 95% bootstrap intervals.", "", "| task | source | units | figure |", "|---|---|---|---|", *rows, ""]
    )


def _balance(found: Settled) -> str:
    return f"""\
### Entities

Entities are counted by exact span and type. The development file is posts from social media alone, and more than half of its spans
are @handles or a lone @ sign, which only one of its two sources marks; serving drops mentions without a letter or digit, and
`f1 served` leaves those out on both sides. After training, the logit of O (no mention) was lowered by {found.lowered_by:g}, the step with
the best F2 (recall counts twice) on the held-out training rows of all sources; F1 there went from {found.f1_before:.1%} to
{found.f1_after:.1%}.
"""


def _rebuilding(run: Run) -> str:
    steps = [json.loads(line) for line in run.metrics.read_text(encoding="utf-8").splitlines()]
    n_tokens = sum(step["n_tokens"] for step in steps)
    minutes = sum(step["seconds"] for step in steps) / 60
    changed = {name: value for name, value in asdict(run.recipe).items() if value != getattr(Recipe(), name)}
    options = "".join(f" --{name.replace('_', '-')} {value}" for name, value in changed.items())
    return "\n".join(
        [
            "## How to make it again",
            "",
            "```",
            f"python -m pipelines.training --data DATA --base BASE --out RUN{options}",
            "```",
            "",
            "`bellwether train default` does the same. DATA holds `<task>.train.jsonl.gz` and `<task>.dev.jsonl.gz` for the tasks above;",
            f"BASE the base model's `config.json`, `tokenizer.json` and `model.safetensors` (sha256 `{BASE_SHA256}`).",
            f"The seed is {run.recipe.seed}; the run took {len(steps):,} steps, {n_tokens / 1e6:.1f} million tokens and {minutes:.0f}",
            "minutes of one CPU thread in single precision. After a kill it goes on from its checkpoint, to the same weights.",
            f"The same data, seed, libraries (torch {torch.__version__.partition('+')[0]}) and kind of processor",
            f"({torch.backends.cpu.get_cpu_capability()}) give the same bytes. The recipe:",
            "",
            "```json",
            json.dumps(asdict(run.recipe), indent=1),
            "```",
            "",
        ]
    )
