"""A head of one's own leaves all others as they were, and starts from what the base knows of its labels."""

import pytest
import torch

from pipelines.heads import tag_names
from pipelines.network import Network
from pipelines.training.own.graft import graft_head, head_of
from pipelines.training.tasks import parse_task

HIDDEN = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(1))
MASK = torch.ones(2, 5, dtype=torch.bool)


def test_graft_head_adds_a_head_and_keeps_the_others(tiny_network: Network) -> None:
    network = graft_head(tiny_network, parse_task("topics_desk"), ("a", "b"), seed=1).eval()

    assert network.config.heads["topics_desk"] == ("a", "b")
    assert network.classify("topics_desk", HIDDEN, MASK).shape == (2, 2)
    for head in tiny_network.config.heads:
        assert torch.equal(network.classify(head, HIDDEN, MASK), tiny_network.classify(head, HIDDEN, MASK))
    assert torch.equal(network.tag(HIDDEN), tiny_network.tag(HIDDEN))


def test_graft_head_goes_on_from_a_head_of_that_name(tiny_network: Network) -> None:
    labels = tiny_network.config.heads["topics_banking77"]

    network = graft_head(tiny_network, parse_task("topics_banking77"), labels[::-1], seed=1).eval()

    before, after = (one.classify("topics_banking77", HIDDEN, MASK) for one in (tiny_network, network))
    assert torch.allclose(after, before.flip(-1))


def test_graft_head_goes_on_from_a_head_like_it(tiny_network: Network) -> None:
    network = graft_head(
        tiny_network, parse_task("sentiment_desk"), ("negative", "neutral", "positive"), seed=1, like="sentiment_news"
    ).eval()

    assert torch.equal(network.classify("sentiment_desk", HIDDEN, MASK), tiny_network.classify("sentiment_news", HIDDEN, MASK))


def test_graft_head_keeps_the_entity_types_it_knows(tiny_network: Network) -> None:
    network = graft_head(tiny_network, parse_task("entities"), ("PER", "PRODUCT"), seed=1).eval()

    assert network.config.tags == tag_names(("PER", "PRODUCT"))
    assert tiny_network.entities is not None
    assert network.entities is not None
    ours, theirs = network.entities(HIDDEN), tiny_network.entities(HIDDEN)
    for name in ("O", "B-PER", "I-PER"):
        assert torch.allclose(ours[..., network.config.tags.index(name)], theirs[..., tiny_network.config.tags.index(name)])


@pytest.mark.parametrize("task", ["topics_desk", "sentiment_targets", "entities"])
def test_head_of_gives_what_learns(task: str, tiny_network: Network) -> None:
    assert list(head_of(graft_head(tiny_network, parse_task(task), ("negative", "neutral"), seed=1), parse_task(task)).parameters())
