"""A whole training run as both command lines start it: teach, measure as it goes, measure in full, write the card."""

from collections.abc import Callable
from pathlib import Path

from pipelines.model import BellwetherModel
from pipelines.network import TOKENIZER, load_network, save_network
from pipelines.tokens import TextTokenizer
from pipelines.training.card import Run, write_card
from pipelines.training.corpus import Corpus, read_corpus
from pipelines.training.evaluation import Evaluation, evaluate_split
from pipelines.training.joining import telling_apart
from pipelines.training.refine import refine_head
from pipelines.training.settle import save_settled
from pipelines.training.shipped import LESSONS
from pipelines.training.tasks import SENTIMENT_TARGETS
from pipelines.training.train import METRICS, Recipe, train

GLANCE_ROWS = 200
"""How many rows of each development file a checkpoint is measured on; the finished model is measured on all."""


def run(
    recipe: Recipe, *, data: Path, base: Path, out: Path, n_threads: int = 1, save_every: int = 250, tell: Callable[[str], None]
) -> list[Evaluation]:
    """Run or resume `recipe`; `tell` gets a line for every checkpoint and figure. Return the finished model's figures.

    `out`/model is then a model folder with its card: put it into a catalog to serve it. `out`/taught keeps
    what the shared steps alone made, `out`/refined what the heads of few, long texts then learnt on their own.
    """
    import torch

    torch.set_num_threads(n_threads)

    def on_save(folder: Path, step: int) -> None:
        model = BellwetherModel("trained", folder=folder, n_threads=n_threads)
        for found in evaluate_split(model, data, limit=GLANCE_ROWS):
            tell(f"step {step} of {recipe.n_steps}: {found.task} {found.headline()}")

    taught = train(recipe, data=data, base=base, out=out, save_every=save_every, on_save=on_save)
    corpus, folder = read_corpus(data), out / "model"
    _refine(taught, out / "refined", corpus=corpus, seed=recipe.seed, tell=tell)
    settled = save_settled(out / "refined", folder, held=corpus.held, n_threads=n_threads)
    found = evaluate_split(BellwetherModel("trained", folder=folder, n_threads=n_threads), data)
    write_card(folder, Run(recipe, corpus, settled, found, data, out / METRICS))
    return found


def _refine(source: Path, folder: Path, *, corpus: Corpus, seed: int, tell: Callable[[str], None]) -> None:
    network, tokenizer = load_network(source), TextTokenizer.load(source / TOKENIZER)
    for task in (task for task, lesson in LESSONS.items() if lesson.refined):
        examples = corpus.taught[task]
        told = telling_apart(examples, seed=seed) if task == SENTIMENT_TARGETS else examples
        losses = refine_head(network, task, told, tokenizer=tokenizer, seed=seed)
        tell(f"{task} refined, loss by epoch: {', '.join(map(str, losses))}")
    save_network(network, folder, tokenizer=tokenizer.backend.to_str())
