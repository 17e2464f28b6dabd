"""What a base said is remembered, departing from it costs, and how far it moved is told."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.data import Example
from pipelines.training.own.graft import graft_head
from pipelines.training.own.keeping import drifts_between, kept_loss, other_heads, remember
from pipelines.training.own.states import frozen_reader, live_reader
from pipelines.training.prepare import Item, prepare
from pipelines.training.tasks import TaskKind, parse_task

CPU = torch.device("cpu")


@pytest.fixture
def items(tiny_tokenizer: Tokenizer) -> list[Item]:
    examples = [Example("my card is late", "a"), Example("Tim Cook in London", "b"), Example("great profit", "a")]
    return prepare(TaskKind.TOPICS, examples, labels=("a", "b"), tokenizer=TextTokenizer(tiny_tokenizer), window_tokens=30)


@pytest.fixture
def network(tiny_network: Network) -> Network:
    """A copy that a test may change."""
    return graft_head(tiny_network, parse_task("topics_desk"), ("a", "b"), seed=1).eval()


def test_other_heads_are_all_but_ones_own(network: Network) -> None:
    heads = other_heads(network, own="topics_desk")

    assert {"sentiment_news", "entities", "sentiment_targets", "embedding"} < set(heads)
    assert "topics_desk" not in heads


def test_kept_loss_is_nothing_while_nothing_changed(network: Network, items: list[Item]) -> None:
    read = live_reader(network, items, device=CPU)
    memory = remember(network, items, read, heads=other_heads(network, own="topics_desk"))

    loss = kept_loss(network, *read([0, 1, 2]), [0, 1, 2], memory).detach()

    assert abs(float(loss)) < 1e-5


def test_kept_loss_and_drifts_grow_when_the_encoder_changes(network: Network, items: list[Item]) -> None:
    read = live_reader(network, items, device=CPU)
    heads = other_heads(network, own="topics_desk")
    memory = remember(network, items, read, heads=heads)
    torch.manual_seed(1)
    with torch.no_grad():
        network.encoder.layers[0].inner.weight.add_(torch.randn_like(network.encoder.layers[0].inner.weight))

    loss = kept_loss(network, *read([0, 1, 2]), [0, 1, 2], memory).detach()
    drifts = drifts_between(memory, remember(network, items, read, heads=heads, like=memory))

    assert float(loss) > 0.001
    assert {one.head for one in drifts} == set(heads)
    assert all(one.shift > 0 for one in drifts if one.n)
    assert all(0 <= one.agreement <= 1 for one in drifts if one.head != "embedding")


def test_frozen_reader_gives_the_states_of_the_live_one(network: Network, items: list[Item]) -> None:
    live, frozen = live_reader(network, items, device=CPU), frozen_reader(network, items, device=CPU)

    with torch.no_grad():
        (ours, mask), (theirs, other_mask) = live([2, 0]), frozen([2, 0])

    assert torch.equal(mask, other_mask)
    assert torch.allclose(ours[mask], theirs[mask], atol=2e-3)


def test_remember_asks_about_the_same_tokens_again(network: Network, items: list[Item], tmp_path: Path) -> None:
    read = live_reader(network, items, device=CPU)
    heads = ["sentiment_targets"]

    before = remember(network, items, read, heads=heads)
    after = remember(network, items, read, heads=heads, like=before)

    [drift] = drifts_between(before, after)
    assert drift.n == sum(len(places) for places in before.asked.values())
    assert drift.agreement == 1.0
