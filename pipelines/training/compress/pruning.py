"""Make a shallower network from some layers of a deep one; teaching it what the others knew is left to `distil`."""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.network import Network

_LAYERS = "encoder.layers."


def spread_layers(n_layers: int, *, n_kept: int) -> tuple[int, ...]:
    """Choose `n_kept` layers evenly spread over `n_layers`, beginning with the first; ValueError if there are not so many."""
    if not 0 < n_kept < n_layers:
        raise ValueError(f"a model of {n_layers} layers can be cut to 1 to {n_layers - 1}, not to {n_kept}")
    return tuple(number * n_layers // n_kept for number in range(n_kept))


def prune(network: Network, *, layers: Sequence[int]) -> Network:
    """Return a network of those layers, in that order, with copies of everything else: heads, embeddings, calibration."""
    config = replace(network.config, encoder=replace(network.config.encoder, n_layers=len(layers)), is_int8=False, words=None)
    shallow = Network(config)
    state = {name: value for name, value in network.state_dict().items() if not name.startswith(_LAYERS)}
    for place, number in enumerate(layers):
        source = f"{_LAYERS}{number}."
        state |= {
            f"{_LAYERS}{place}.{name.removeprefix(source)}": value
            for name, value in network.state_dict().items()
            if name.startswith(source)
        }
    shallow.load_state_dict(state)
    return shallow
