from collections.abc import Sequence

import pytest

from pipelines.errors import DeviceExhausted
from pipelines.model import BellwetherModel, Tokens, WindowOutput
from pipelines.running import run_windows


class SmallDevice:
    """The model on a device whose memory ends at `n_windows`."""

    def __init__(self, model: BellwetherModel, *, n_windows: int) -> None:
        self.model = model
        self.n_windows = n_windows
        self.sizes: list[int] = []

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        self.sizes.append(len(windows))
        if len(windows) > self.n_windows:
            raise DeviceExhausted
        return self.model.forward(windows)


def windows_of(model: BellwetherModel) -> list[Tokens]:
    return model.tokenize(["bank card", "great news", "the market falls", "apple"] * 2)


def test_run_windows_restores_the_order(tiny_model: BellwetherModel) -> None:
    windows = windows_of(tiny_model)

    together = run_windows(windows, model=tiny_model, token_budget=12)

    for window, output in zip(windows, together, strict=True):
        [alone] = tiny_model.forward([window])
        assert output.logits["sentiment_news"] == pytest.approx(alone.logits["sentiment_news"], abs=1e-4)


def test_run_windows_halves_a_micro_batch_that_is_too_much(tiny_model: BellwetherModel) -> None:
    windows = windows_of(tiny_model)
    device = SmallDevice(tiny_model, n_windows=2)

    outputs = run_windows(windows, model=device, token_budget=10_000)  # type: ignore[arg-type]

    assert len(outputs) == len(windows)
    assert device.sizes == [8, 4, 2, 2, 4, 2, 2]


def test_run_windows_gives_up_when_one_window_is_too_much(tiny_model: BellwetherModel) -> None:
    device = SmallDevice(tiny_model, n_windows=0)

    with pytest.raises(DeviceExhausted):
        run_windows(windows_of(tiny_model), model=device, token_budget=10_000)  # type: ignore[arg-type]
