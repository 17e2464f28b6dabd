"""Make a shallower network from some layers of a deep one; teaching it what the others knew is left to `distil`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.network import Network

_LAYERS = "encoder.layers."


def choose_layers(n_layers: int, *, n_kept: int, far: Callable[[Sequence[int]], float]) -> tuple[int, ...]:
    """Leave out one layer after the other, each time the one that is missed least; ValueError if there are not so many.

    `far` says how far a network of some layers is from the whole, untaught as it is. What lies nearest at the start also
    gets nearest: evenly spread layers, the usual choice, begin twice as far away, since the last one is what heads rely on.
    """
    if not 0 < n_kept < n_layers:
        raise ValueError(f"a model of {n_layers} layers can be cut to 1 to {n_layers - 1}, not to {n_kept}")
    layers = tuple(range(n_layers))
    while len(layers) > n_kept:
        layers = min((tuple(one for one in layers if one != left_out) for left_out in layers), key=far)
    return layers


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
