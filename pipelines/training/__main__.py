"""`python -m pipelines.training`: what `bellwether train` does, for a machine that has only `pipelines`."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from pipelines.training.run import run
from pipelines.training.train import Recipe


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, train, and print figures as they come."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.training", description="Teach a model folder from training files.")
    parser.add_argument("--data", type=Path, required=True, help="folder of <task>.train.jsonl.gz and <task>.dev.jsonl.gz")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base encoder (Hugging Face BERT, safetensors)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, metrics, model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=250, help="steps between checkpoints")
    for field in fields(Recipe):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    given = vars(parser.parse_args(arguments))
    recipe = Recipe(**{field.name: given[field.name] for field in fields(Recipe)})
    found = run(
        recipe,
        data=given["data"],
        base=given["base"],
        out=given["out"],
        n_threads=given["threads"],
        save_every=given["save_every"],
        tell=lambda line: print(line, flush=True),
    )
    for one in found:
        print(one.task, one.headline())


if __name__ == "__main__":
    main()
