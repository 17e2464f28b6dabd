from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import DeviceExhausted, ModelUnavailable
from pipelines.model import BellwetherModel, load_model, memory_guard, pad, revision_of
from pipelines.tokens import Tokens

TEXTS = ["Apple profit falls", "the bank was late", "great news of Tim Cook in London", "a"]


@pytest.fixture
def model(tiny_folder: Path) -> BellwetherModel:
    return BellwetherModel("tiny", folder=tiny_folder)


def test_forward_gives_each_window_what_it_gives_it_alone(model: BellwetherModel) -> None:
    windows = model.tokenize(TEXTS)

    together = model.forward(windows)

    for window, output in zip(windows, together, strict=True):
        [alone] = model.forward([window])
        assert output.tags is not None
        assert alone.tags is not None
        assert output.embedding is not None
        assert alone.embedding is not None
        assert output.tags.shape == (len(window), 7)
        assert np.allclose(output.tags, alone.tags, atol=1e-3)
        assert np.allclose(output.embedding, alone.embedding, atol=1e-3)
        assert all(np.allclose(output.logits[head], alone.logits[head], atol=1e-3) for head in alone.logits)


def test_forward_answers_for_every_head_in_single_precision(model: BellwetherModel) -> None:
    [output] = model.forward(model.tokenize(["the market falls"]))

    assert {head: values.shape for head, values in output.logits.items()} == {
        head: (len(model.labels[head]),) for head in model.labels if head not in {"entities", "sentiment_targets"}
    }
    assert all(values.dtype == np.float32 for values in output.logits.values())
    assert output.embedding is not None
    assert np.linalg.norm(output.embedding) == pytest.approx(1, abs=1e-5)


def test_forward_sees_letter_case(model: BellwetherModel) -> None:
    [lower], [upper] = (model.forward(model.tokenize([text])) for text in ("apple", "APPLE"))

    assert not np.allclose(lower.logits["sentiment_news"], upper.logits["sentiment_news"])


def test_forward_reads_an_empty_window(model: BellwetherModel) -> None:
    [output] = model.forward([Tokens([], [], [], [])])

    assert output.tags is not None
    assert output.tags.shape == (0, 7)
    assert np.isfinite(output.logits["sentiment_news"]).all()


def test_forward_judges_the_tokens_of_mentions_and_those_asked_about(model: BellwetherModel) -> None:
    [tokens] = model.tokenize(["great news of Tim Cook in London, the bank falls"])

    [plain], [asked] = (model.forward([replace(tokens, asked=frozenset(places))]) for places in ((), (1, 3)))

    assert plain.tags is not None
    assert plain.targets is not None
    assert asked.targets is not None
    mentioned = plain.tags.argmax(axis=1) != 0
    assert np.array_equal(~np.isnan(plain.targets[:, 0]), mentioned)
    assert set(np.flatnonzero(~np.isnan(asked.targets[:, 0]))) == {*np.flatnonzero(mentioned), 1, 3}
    assert np.allclose(asked.targets[mentioned], plain.targets[mentioned], atol=1e-5)


def test_forward_divides_logits_by_the_heads_temperature(model: BellwetherModel) -> None:
    [tokens] = model.tokenize(["the bank was late"])

    [output] = model.forward([tokens])

    with torch.inference_mode():
        ids, shapes, mask = pad([tokens], special=model.network.config.special)
        raw = model.network.classify("topics_banking77", model.network.encoder(ids, shapes, mask).float(), mask)[0]
    assert np.allclose(output.logits["topics_banking77"], raw.numpy() / 2.0, atol=1e-3)
    assert model.thresholds == {"topics_banking77": 0.1}


def test_forward_refuses_a_window_longer_than_the_model(model: BellwetherModel) -> None:
    with pytest.raises(ValueError, match="31 tokens is longer than the model's 30"):
        model.forward(model.tokenize(["the " * 31]))


def test_forward_of_nothing_is_nothing(model: BellwetherModel) -> None:
    assert model.forward([]) == []


def test_warm_up_runs_the_longest_window(model: BellwetherModel, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda windows: lengths.extend(map(len, windows)) or forward(windows))

    model.warm_up()

    assert max(lengths) == model.window_tokens


def test_load_model_takes_the_name_from_the_users_catalog(tiny_folder: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(f'[models.own]\nkind = "bellwether"\npath = "{tiny_folder}"\n')

    model = load_model("own", catalog=catalog)

    assert model.ref.name == "own"
    assert model.ref.revision == revision_of([tiny_folder / "config.json", tiny_folder / "model.safetensors"])
    assert (model.device, model.n_threads, model.window_tokens) == ("cpu", 1, 30)


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a device that must be missing")
def test_load_model_says_that_a_device_is_missing() -> None:
    with pytest.raises(ModelUnavailable, match="cuda:0"):
        load_model(device="cuda:0")


def test_revision_of_changes_with_any_file(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"a")
    two.write_bytes(b"b")

    assert len(revision_of([one])) == 12
    assert len({revision_of([one]), revision_of([two]), revision_of([one, two])}) == 3


def _raise(problem: BaseException) -> None:
    raise problem


@pytest.mark.parametrize(
    "cause",
    [
        lambda: _raise(torch.OutOfMemoryError("CUDA out of memory")),
        lambda: _raise(MemoryError()),
        lambda: _raise(RuntimeError("CUDA error: out of memory")),
        lambda: _raise(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")),
    ],
)
def test_memory_guard_gives_running_out_of_memory_one_type(cause: Callable[[], None]) -> None:
    with pytest.raises(DeviceExhausted), memory_guard():
        cause()


def test_memory_guard_lets_other_errors_through() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_guard():
        raise RuntimeError("shapes differ")
