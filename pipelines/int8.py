"""Multiply in 8-bit whole numbers where the processor is faster at it; how 8-bit weights are stored is left to `pipelines.weights`.

Weights have one scale a row, fixed when the model was compressed; activations one a token, found as they come. So what a text
gets never depends on the texts beside it in its batch, and no text is needed to calibrate anything.
"""

import math
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.encoder import Encoder, fastest_dtype

LARGEST = 127
ROWS = 256
"""Tokens at a time: what lies between the steps then stays in a core's cache."""

WORTH = 0.85
"""Of the float arithmetic's time: what 8-bit arithmetic must stay below to be worth its rounding."""

_N_TIMED = 8
_HOPELESS = 20
"""As many times slower as int8 is where the processor has no instructions for it: timing a plain loop would go on for seconds."""


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round (n_rows, n_columns) to int8 by each row's largest number; return it with the scales (n_rows,) that undo it."""
    scale = weight.abs().amax(dim=1).clamp(min=1e-12) / LARGEST
    return torch.round(weight / scale[:, None]).to(torch.int8), scale


def dequantize(weight: Tensor, scale: Tensor) -> Tensor:
    """Return what `quantize` rounded, in single precision."""
    return weight.to(torch.float32) * scale[:, None]


class Int8Linear(nn.Module):
    """A linear layer whose product is one of int8 matrices, added up in int32; the rest is single precision."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = quantize(linear.weight.detach().to(torch.float32))
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", linear.bias.detach().to(torch.float32))

    def forward(self, values: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        if torch.is_grad_enabled():  # whoever explains an answer wants gradients, which rounding has none of
            return functional.linear(values, dequantize(self.weight, self.scale), self.bias)
        rows = values.reshape(-1, self.in_features)
        result = torch.empty(len(rows), self.out_features)
        for some, place in zip(torch.split(rows, ROWS), torch.split(result, ROWS), strict=True):
            self._multiply(some, place)
        return result.view(*values.shape[:-1], self.out_features)

    def _multiply(self, rows: Tensor, place: Tensor) -> None:
        largest = rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12)
        rounded = torch.mul(rows, LARGEST / largest).round_().to(torch.int8)
        place.copy_(torch._int_mm(rounded, self.weight.t()))  # noqa: SLF001  (torch's own name for its int8 product)
        place.mul_(largest.div_(LARGEST))
        torch.addcmul(self.bias, place, self.scale, out=place)


def set_arithmetic(encoder: Encoder, *, device: torch.device, is_int8: bool) -> str:
    """Let an encoder on `device` compute in what is fastest there, and return its name; int8 only for a model made for it."""
    dtype = fastest_dtype(encoder, device=device)
    if is_int8 and device.type == "cpu" and int8_pays(encoder, dtype=dtype):
        use_int8(encoder)
        return "int8"
    encoder.to(dtype)
    return str(dtype).removeprefix("torch.")


def use_int8(encoder: Encoder) -> None:
    """Let the layers of an encoder multiply in int8, in place; the rest of it computes in single precision."""
    encoder.to(torch.float32)
    for layer in encoder.layers:
        for name, part in list(layer.named_children()):
            if isinstance(part, nn.Linear):
                setattr(layer, name, Int8Linear(part))


def int8_pays(encoder: Encoder, *, dtype: torch.dtype) -> bool:
    """Time one layer's widest product in int8 and in `dtype`, in turns; True if int8 is clearly faster (tens of milliseconds)."""
    linear = nn.Linear(encoder.config.width, encoder.config.inner_width)
    candidates = {"int8": (Int8Linear(linear), torch.float32), "float": (linear.to(dtype), dtype)}
    best = dict.fromkeys(candidates, math.inf)
    with torch.inference_mode():
        for number in range(_N_TIMED):
            for name, (module, wanted) in candidates.items():
                values = torch.ones(ROWS // 2, encoder.config.width, dtype=wanted)
                begun = time.process_time()  # not the clock: a process that must wait its turn for a core has done nothing meanwhile
                module(values)
                best[name] = min(best[name], time.process_time() - begun)
            if number and best["int8"] > _HOPELESS * best["float"]:
                break
    return best["int8"] < WORTH * best["float"]
