"""Rounds are logged as they end, read back as they were, and forgotten where they are done again."""

from pathlib import Path

from pipelines.training.own.curves import curves_svg, save_curves
from pipelines.training.own.metrics import Round, cut_metrics, log_round, read_metrics

ROUNDS = [Round(number, 10 * number, 1 / number, 0.0, 2 / number, 0.5, 1.5) for number in (1, 2, 3)]


def test_log_round_writes_what_read_metrics_reads(tmp_path: Path) -> None:
    for one in ROUNDS:
        log_round(one, tmp_path)

    assert [one.step for one in read_metrics(tmp_path)] == [10, 20, 30]
    assert read_metrics(tmp_path)[0] == ROUNDS[0]


def test_cut_metrics_forgets_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    for one in ROUNDS:
        log_round(one, tmp_path)

    cut_metrics(tmp_path, n_rounds=2)

    assert [one.number for one in read_metrics(tmp_path)] == [1, 2]


def test_read_metrics_finds_nothing_in_a_new_folder(tmp_path: Path) -> None:
    cut_metrics(tmp_path, n_rounds=0)

    assert read_metrics(tmp_path) == []


def test_sentence_names_the_best_and_what_is_kept() -> None:
    assert ROUNDS[1].sentence(is_best=True) == "round 2, step 20: loss 0.500; held-out loss 1.000, F1 0.500 (the best so far)"
    assert ", kept 0.250;" in Round(1, 1, 0, 0.25, 0, 0, 0).sentence(is_best=False)


def test_curves_are_a_picture_and_a_plot_in_words(tmp_path: Path) -> None:
    save_curves(ROUNDS, tmp_path, best=3)

    svg = curves_svg(ROUNDS, best=3)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "from 2.00 to 0.67 on held-out rows; round 3 was the best." in svg
