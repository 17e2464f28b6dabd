import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.network import Network
from pipelines.training.compress.pruning import prune, spread_layers


@given(st.integers(2, 40), st.data())
def test_spread_layers_are_distinct_in_order_and_begin_with_the_first(n_layers: int, data: st.DataObject) -> None:
    n_kept = data.draw(st.integers(1, n_layers - 1))

    layers = spread_layers(n_layers, n_kept=n_kept)

    assert layers[0] == 0
    assert len(set(layers)) == n_kept
    assert list(layers) == sorted(layers)
    assert layers[-1] < n_layers


@pytest.mark.parametrize("n_kept", [0, 6, 7])
def test_spread_layers_refuses_what_is_not_fewer(n_kept: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        spread_layers(6, n_kept=n_kept)


def test_prune_copies_the_chosen_layer_and_everything_else(tiny_network: Network) -> None:
    shallow = prune(tiny_network, layers=[1])

    state, whole = shallow.state_dict(), tiny_network.state_dict()
    assert shallow.config.encoder.n_layers == 1
    assert shallow.config.calibration == tiny_network.config.calibration
    assert torch.equal(state["encoder.layers.0.inner.weight"], whole["encoder.layers.1.inner.weight"])
    assert torch.equal(state["embedding.weight"], whole["embedding.weight"])
    assert len(state) == len(whole) - sum(name.startswith("encoder.layers.0.") for name in whole)
