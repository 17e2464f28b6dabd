"""A method brings its own defaults; what is asked for goes before them."""

import pytest

from pipelines.training.own.options import PRESETS, Method, changed, options_for


@pytest.mark.parametrize("method", Method)
def test_options_for_takes_the_methods_defaults(method: Method) -> None:
    options = options_for("topics_desk", method)

    assert all(getattr(options, name) == value for name, value in PRESETS[method].items())
    assert changed(options) == {}


def test_options_for_lets_what_is_asked_for_win() -> None:
    options = options_for("topics_desk", Method.HEAD, n_epochs=3, seed=None)

    assert (options.n_epochs, options.seed) == (3, 17)
    assert changed(options) == {"n_epochs": 3}


@pytest.mark.parametrize("asked", [{"dev_share": 0.5, "test_share": 0.5}, {"width": 100, "n_attention_heads": 3}])
def test_options_for_refuses_what_makes_no_sense(asked: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must leave rows|is not a multiple"):
        options_for("topics_desk", Method.FULL, **asked)
