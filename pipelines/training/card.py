"""Write a model's card: what it is, what it learnt from and under which licences, how well it reads, what it can't do."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipelines.training.balance import Balance
from pipelines.training.evaluation import Evaluation, LabelScores
from pipelines.training.refine import N_EPOCHS, REFINED
from pipelines.training.schedule import SHARES
from pipelines.training.train import Recipe

SOURCES = (
    (
        "sentiment_news",
        "SEntFiN headlines with one sentiment; Twitter financial news sentiment, train part",
        "MIT; MIT (as the original states)",
    ),
    (
        "sentiment_support",
        "SemEval-2017 task 4A, all years, without TweetEval's texts",
        "MIT repository; the platform's terms for the texts",
    ),
    ("topics_banking77", "BANKING77, train part", "CC BY 4.0"),
    ("topics_complaints", "CFPB consumer complaint narratives", "US public domain"),
    (
        "entities",
        "WNUT-17, Broad Twitter Corpus, Wikigold, CrossNER politics, UNER English EWT (dev part), SEC filings",
        "CC BY 4.0, CC BY 4.0, CC BY 4.0, MIT, CC BY-SA 4.0, CC BY 3.0",
    ),
)
"""Task, origin and licence of every text that the shipped model was taught on."""

BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

INTRODUCTION = """\
# The default model

One pass of a six-layer encoder reads a window of up to {window_tokens} tokens; five heads and an embedding share what it found.

- Base: all-MiniLM-L6-v2 (`sentence-transformers/all-MiniLM-L6-v2`, Apache-2.0), all layers taught further, its word
  embeddings left as they were.
- Added: an embedding of each token's letter case (lower, Title, UPPER, mixed, digit, other), since the base reads everything in lower
  case and names live by their capitals.
- Heads: {heads}, `entities` (PER, ORG, LOC as BIO tags, decoded so that only whole words are marked) and `embedding`
  (384 numbers of unit length, kept close to the base model's own mean-pooled embedding).
- Weights: half precision safetensors, revision `{revision}` (the first 12 hexadecimal digits of their sha256).
"""

LIMITS = """\
## What it can't do

- English only: other languages are read, but nobody measured how badly.
- The news head learnt from market headlines and market tweets, the support head from general tweets: neither learnt from
  support tickets or complaints, where almost every text is negative and the degree matters more than the sign.
- Irony, and who a feeling is about, are mostly beyond it: a sentiment belongs to the whole window.
- The complaint products are skewed (most are payday loans and credit reports, by way of small mirrors of the original), and the label
  is what the consumer picked; the rare products are guesses. BANKING77 has label noise between neighbouring intents.
- The entity data mixes tweets, encyclopaedia, politics and filings, each with habits of its own: expect it to miss names without
  capitals and to be unsure between a company and its product. Figures are exact-match over whole spans.
- Scores are probabilities of a softmax that nobody calibrated.
- Texts from social platforms carry those platforms' biases.
"""


def write_card(folder: Path, *, recipe: Recipe, evaluations: Sequence[Evaluation], balance: Balance, metrics: Path) -> None:
    """Write `README.md` into a model folder from what the run recorded."""
    from pipelines.model import revision_of
    from pipelines.network import CONFIG, WEIGHTS, NetworkConfig

    config = NetworkConfig.from_json((folder / CONFIG).read_text(encoding="utf-8"))
    introduction = INTRODUCTION.format(
        window_tokens=config.window_tokens,
        heads=", ".join(f"`{name}` ({len(labels)})" for name, labels in config.heads.items()),
        revision=revision_of([folder / CONFIG, folder / WEIGHTS]),
    )
    parts = [introduction, _sources(), _figures(evaluations), _balance(balance), LIMITS, _rebuilding(recipe, metrics)]
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _sources() -> str:
    rows = [f"| `{task}` | {SHARES[task]:.0%} | {origin} | {licence} |" for task, origin, licence in SOURCES]
    return "\n".join(
        [
            "## What it learnt from",
            "",
            "| task | share of steps | from | licence |",
            "|---|---|---|---|",
            *rows,
            "",
            "No test part was used. After the shared steps, " + ", ".join(f"`{task}`" for task in REFINED),
            f"had {N_EPOCHS} more epochs for its head alone, on an encoder that stood still.",
            "",
        ]
    )


def _figures(evaluations: Sequence[Evaluation]) -> str:
    return "\n".join(
        [
            "## How well it reads",
            "",
            "Development files, never trained on, read by the code that serves: `bellwether evaluate --model default --data FILE...`.",
            "",
            "| task | rows or spans | figures |",
            "|---|---|---|",
            *(f"| `{one.task}` | {one.scores.n:,} {_unit(one)} | {one.headline()} |" for one in evaluations),
            "",
        ]
    )


def _balance(found: Balance) -> str:
    return f"""\
Entities are counted by exact span and type. The development file is posts from social media alone, and more than half of its spans
are @handles or a lone @ sign, which only one of its two sources marks; serving drops mentions without a letter or digit, and
`f1 served` leaves those out on both sides.
After training, the logit of O (no mention) was lowered by {found.lowered_by:g}, the step that served best on the even rows of that file. On
its {found.n_rows:,} odd rows, which had no say, F1 went from {found.f1_before:.1%} to {found.f1_after:.1%} (served: from
{found.f1_served_before:.1%} to {found.f1_served_after:.1%}).
"""


def _unit(evaluation: Evaluation) -> str:
    return "rows" if isinstance(evaluation.scores, LabelScores) else "spans"


def _rebuilding(recipe: Recipe, metrics: Path) -> str:
    steps = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    n_tokens = sum(step["n_tokens"] for step in steps)
    minutes = sum(step["seconds"] for step in steps) / 60
    changed = {name: value for name, value in asdict(recipe).items() if value != getattr(Recipe(), name)}
    options = "".join(f" --{name.replace('_', '-')} {value}" for name, value in changed.items())
    return "\n".join(
        [
            "## How to make it again",
            "",
            "```",
            f"python -m pipelines.training --data DATA --base BASE --out RUN{options}",
            "```",
            "",
            "`bellwether train` does the same. DATA holds `<task>.train.jsonl.gz` and `<task>.dev.jsonl.gz` for the tasks above;",
            f"BASE the base model's `config.json`, `tokenizer.json` and `model.safetensors` (sha256 `{BASE_SHA256}`).",
            f"The seed is {recipe.seed}; the run took {len(steps):,} steps, {n_tokens / 1e6:.1f} million tokens and {minutes:.0f} minutes",
            "of one CPU thread in single precision. It goes on from its checkpoint when started again. The recipe:",
            "",
            "```json",
            json.dumps(asdict(recipe), indent=1),
            "```",
            "",
        ]
    )
