from pathlib import Path

from pipelines.training.__main__ import main
from pipelines.training.run import run
from pipelines.training.tasks import SHIPPED
from pipelines.training.train import Recipe


def test_run_measures_as_it_goes_and_writes_the_card(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    lines: list[str] = []

    found = run(
        Recipe(n_steps=4, token_budget=80, teacher_tokens=30), data=data_folder, base=bert_base, out=tmp_path / "run", save_every=2,
        tell=lines.append,
    )  # fmt: skip

    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert [one.task for one in found] == list(SHIPPED)
    assert sum(line.startswith("step 2 of 4") for line in lines) == len(SHIPPED)
    assert all(f"| `{task}` |" in card for task in SHIPPED)
    assert "CC BY 4.0" in card
    assert "--n-steps 4" in card
    assert found[0].headline() in card
    assert "logit of O" in card
    assert str(tmp_path) not in card


def test_main_trains_from_the_command_line(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    main(["--data", str(data_folder), "--base", str(bert_base), "--out", str(tmp_path / "run"), "--n-steps", "1", "--teacher-tokens", "9"])

    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def test_run_called_again_when_finished_makes_the_same_model(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    recipe = Recipe(n_steps=2, token_budget=80, teacher_tokens=30)
    made = tmp_path / "run" / "model" / "model.safetensors"

    run(recipe, data=data_folder, base=bert_base, out=tmp_path / "run", tell=print)
    first = made.read_bytes()
    run(recipe, data=data_folder, base=bert_base, out=tmp_path / "run", tell=print)

    assert made.read_bytes() == first
