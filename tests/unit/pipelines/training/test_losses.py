import torch
from tokenizers import Tokenizer

from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.losses import batch_loss
from pipelines.training.prepare import IGNORED, Item


def items(tokenizer: Tokenizer, target: int | list[int]) -> list[Item]:
    [tokens] = TextTokenizer(tokenizer)(["the market"])
    return [Item(tokens, target)]


def test_batch_loss_counts_drift_only_where_a_teacher_is_known(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    rows = items(tiny_tokenizer, 0) * 2
    unknown = torch.full((2, 32), torch.nan)
    half = unknown.clone()
    half[1] = torch.nn.functional.normalize(torch.ones(32), dim=0)

    without, with_half = (
        batch_loss(tiny_network, "sentiment_news", rows, weights=None, teacher=teacher, teacher_weight=2.0) for teacher in (unknown, half)
    )

    assert without["embedding"].item() == 0
    assert with_half["embedding"].item() > 0
    assert torch.isclose(with_half["total"], with_half["task"] + 2 * with_half["embedding"])


def test_batch_loss_of_tags_learns_nothing_from_ignored_tokens(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    taught = batch_loss(tiny_network, "entities", items(tiny_tokenizer, [0, 1]), weights=None, teacher=None, teacher_weight=1.0)
    ignored = batch_loss(tiny_network, "entities", items(tiny_tokenizer, [IGNORED] * 2), weights=None, teacher=None, teacher_weight=1.0)

    assert taught["total"].item() > 0
    assert ignored["total"].item() == 0


def test_batch_loss_of_targets_learns_from_marked_tokens_only(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    one, other, none = (
        batch_loss(tiny_network, "sentiment_targets", items(tiny_tokenizer, target), weights=None, teacher=None, teacher_weight=1.0)[
            "total"
        ]
        for target in ([IGNORED, 2], [IGNORED, 0], [IGNORED, IGNORED])
    )

    assert one.item() > 0
    assert other.item() > 0
    assert one.item() != other.item()
    assert none.item() == 0
