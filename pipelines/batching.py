"""Cut tokenised windows into micro-batches that fit a token budget; restoring their order is the caller's."""

from collections.abc import Iterator, Sequence


def micro_batches(lengths: Sequence[int], *, token_budget: int) -> Iterator[list[int]]:
    """Yield index lists, shortest windows first, whose padded size stays within `token_budget` tokens.

    A window longer than the budget travels alone. Every index appears exactly once.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[index] * (len(batch) + 1) > token_budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
