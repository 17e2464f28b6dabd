from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from pipelines import int8
from pipelines.int8 import Int8Linear, dequantize, int8_pays, quantize, set_arithmetic, use_int8
from pipelines.model import BellwetherModel
from pipelines.network import Network


def drawn(*shape: int, seed: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale


@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 40), st.floats(1e-3, 1e3))
def test_quantize_is_off_by_half_a_step_at_most_and_rounds_its_own_result_to_itself(seed: int, n_rows: int, n: int, size: float) -> None:
    weight = drawn(n_rows, n, seed=seed, scale=size)

    rounded, scale = quantize(weight)
    again, _ = quantize(dequantize(rounded, scale))

    assert ((dequantize(rounded, scale) - weight).abs() <= scale[:, None] * 0.5001).all()
    assert torch.equal(again, rounded)


def test_quantize_keeps_a_row_of_zeros() -> None:
    rounded, scale = quantize(torch.zeros(2, 4))

    assert torch.equal(dequantize(rounded, scale), torch.zeros(2, 4))


def test_int8_linear_stays_near_the_exact_product() -> None:
    linear = nn.Linear(64, 48)
    values = drawn(3, 300, 64, seed=1)  # more rows than it takes at a time

    with torch.inference_mode():
        near, exact = Int8Linear(linear)(values), linear(values)

    assert near.shape == exact.shape
    assert functional.cosine_similarity(near.flatten(), exact.flatten(), dim=0) > 0.999


@given(st.integers(0, 1_000), st.integers(1, 300))
def test_int8_linear_gives_a_row_the_same_whatever_stands_beside_it(seed: int, n_others: int) -> None:
    module = Int8Linear(nn.Linear(16, 8))
    mine, others = drawn(1, 16, seed=seed), drawn(n_others, 16, seed=seed + 1, scale=100.0)

    with torch.inference_mode():
        together, alone = module(torch.cat([mine, others]))[:1], module(mine)

    assert torch.equal(together, alone)


def test_int8_linear_lets_gradients_through() -> None:
    values = drawn(2, 16, seed=2).requires_grad_()

    Int8Linear(nn.Linear(16, 8))(values).sum().backward()

    assert values.grad is not None
    assert values.grad.abs().sum() > 0


def test_use_int8_changes_every_layer_and_little_of_the_states(tiny_network: Network) -> None:
    encoder = deepcopy(tiny_network.encoder)
    ids, shapes, mask = torch.tensor([[2, 9, 40, 3], [2, 7, 3, 0]]), torch.ones(2, 4, dtype=torch.long), torch.ones(2, 4, dtype=torch.bool)

    use_int8(encoder)

    with torch.inference_mode():
        near, exact = encoder(ids, shapes, mask), tiny_network.encoder(ids, shapes, mask)
    assert not any(isinstance(part, nn.Linear) for part in encoder.layers.modules())
    assert functional.cosine_similarity(near, exact, dim=-1).min() > 0.995


def answer(*, pays: bool) -> Callable[..., bool]:
    return lambda *_, **__: pays


def test_set_arithmetic_takes_int8_where_it_pays(tiny_network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "int8_pays", answer(pays=True))
    encoder = deepcopy(tiny_network.encoder)

    assert set_arithmetic(encoder, device=torch.device("cpu"), is_int8=True) == "int8"
    assert isinstance(encoder.layers[0].inner, Int8Linear)


def test_set_arithmetic_computes_an_8_bit_model_in_floats_where_int8_does_not_pay(
    tiny_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "int8_pays", answer(pays=False))
    encoder = deepcopy(tiny_network.encoder)

    assert "float" in set_arithmetic(encoder, device=torch.device("cpu"), is_int8=True)
    assert isinstance(encoder.layers[0].inner, nn.Linear)


def test_set_arithmetic_leaves_other_models_in_floats(tiny_network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "int8_pays", answer(pays=True))

    assert "float" in set_arithmetic(deepcopy(tiny_network.encoder), device=torch.device("cpu"), is_int8=False)


def test_int8_pays_measures_here(tiny_network: Network) -> None:
    assert int8_pays(tiny_network.encoder, dtype=torch.float32) in {True, False}


def test_model_computes_in_int8_behind_the_same_door(tiny_int8_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "int8_pays", answer(pays=False))
    exact = BellwetherModel("float", folder=tiny_int8_folder)
    monkeypatch.setattr(int8, "int8_pays", answer(pays=True))
    near = BellwetherModel("int8", folder=tiny_int8_folder)

    [one], [two] = (model.forward(model.tokenize(["Tim Cook in London"])) for model in (exact, near))

    assert (near.dtype, near.ref.revision) == ("int8", exact.ref.revision)
    assert one.embedding is not None
    assert two.embedding is not None
    assert float(np.dot(one.embedding, two.embedding)) > 0.99
