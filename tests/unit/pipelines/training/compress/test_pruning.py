import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.network import Network
from pipelines.training.compress.pruning import choose_layers, prune


@given(st.integers(2, 12), st.data())
def test_choose_layers_keeps_the_layers_that_count_in_their_order(n_layers: int, data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.integers(0, n_layers - 1), min_size=1, max_size=n_layers - 1))

    layers = choose_layers(n_layers, n_kept=len(wanted), far=lambda kept: len(wanted - set(kept)))

    assert layers == tuple(sorted(wanted))


@pytest.mark.parametrize("n_kept", [0, 6, 7])
def test_choose_layers_refuses_what_is_not_fewer(n_kept: int) -> None:
    with pytest.raises(ValueError, match="1 to 5"):
        choose_layers(6, n_kept=n_kept, far=len)


def test_prune_copies_the_chosen_layer_and_everything_else(tiny_network: Network) -> None:
    shallow = prune(tiny_network, layers=[1])

    state, whole = shallow.state_dict(), tiny_network.state_dict()
    assert shallow.config.encoder.n_layers == 1
    assert shallow.config.calibration == tiny_network.config.calibration
    assert torch.equal(state["encoder.layers.0.inner.weight"], whole["encoder.layers.1.inner.weight"])
    assert torch.equal(state["embedding.weight"], whole["embedding.weight"])
    assert len(state) == len(whole) - sum(name.startswith("encoder.layers.0.") for name in whole)
