"""How numbers behave while something is taught; what is taught is left to the runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let vanishing gradients be zero, which would otherwise slow some kernels eightfold, and only here."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
