import copy

import torch
from tokenizers import Tokenizer

from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.data import Example, Span
from pipelines.training.refine import N_EPOCHS, refine_head

EXAMPLES = [Example("the bank was late", label="loan"), Example("my market " * 20, label="mortgage")] * 6


def test_refine_head_teaches_that_head_and_nothing_else(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    network = copy.deepcopy(tiny_network)

    losses = refine_head(network, "topics_complaints", EXAMPLES, tokenizer=TextTokenizer(tiny_tokenizer), seed=1)

    before, after = tiny_network.state_dict(), network.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert len(losses) == N_EPOCHS
    assert losses[-1] < losses[0]
    assert changed
    assert all(name.startswith("sequence.topics_complaints.") for name in changed)


def test_refine_head_follows_from_its_seed(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    networks = [copy.deepcopy(tiny_network) for _ in range(2)]

    for network in networks:
        refine_head(network, "topics_complaints", EXAMPLES, tokenizer=TextTokenizer(tiny_tokenizer), seed=1)

    first, second = (network.state_dict() for network in networks)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_refine_head_teaches_sentiment_towards_mentions_where_to_look(tiny_network: Network, tiny_tokenizer: Tokenizer) -> None:
    network = copy.deepcopy(tiny_network)
    pair = Example("apple rises, bank falls", spans=(Span(0, 5, "positive"), Span(13, 17, "negative")))
    turned = Example("bank rises, apple falls", spans=(Span(0, 4, "positive"), Span(12, 17, "negative")))

    losses = refine_head(network, "sentiment_targets", [pair, turned] * 20, tokenizer=TextTokenizer(tiny_tokenizer), seed=1)

    before, after = tiny_network.state_dict(), network.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert losses[-1] < losses[0]
    assert "targets.nearness" in changed
    assert all(name.startswith("targets.") for name in changed)
