"""`python -m pipelines.training train|card`: what `bellwether train` calls, for a machine without the rest of Bellwether."""

import argparse
from dataclasses import fields
from pathlib import Path

import torch

from pipelines.model import BellwetherModel
from pipelines.training.evaluate import evaluate_file
from pipelines.training.train import Recipe, train


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and train; the development figures are printed as the run goes."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.training", description="Teach a model folder from training files.")
    parser.add_argument("--data", type=Path, required=True, help="folder of <task>.train.jsonl.gz and <task>.dev.jsonl.gz")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base encoder (Hugging Face BERT, safetensors)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, metrics, model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=200, help="steps between checkpoints")
    for field in fields(Recipe):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    given = vars(parser.parse_args(arguments))
    torch.set_num_threads(given["threads"])
    recipe = Recipe(**{field.name: given[field.name] for field in fields(Recipe)})

    def on_save(folder: Path, step: int) -> None:
        model = BellwetherModel("trained", folder=folder, n_threads=given["threads"])
        limit = None if step == recipe.n_steps else 200
        for path in sorted(given["data"].glob("*.dev.jsonl.gz")):
            if path.name.split(".")[0] in model.labels:
                print(step, evaluate_file(model, path, limit=limit).to_row(), flush=True)

    train(recipe, data=given["data"], base=given["base"], out=given["out"], save_every=given["save_every"], on_save=on_save)


if __name__ == "__main__":
    main()
