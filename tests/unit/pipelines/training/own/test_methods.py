"""Each method lets learn what it says, and LoRA leaves a plain network behind."""

import pytest
import torch

from pipelines.network import Network
from pipelines.training.own.graft import graft_head
from pipelines.training.own.methods import free_parameters, learnt_of, make_optimizer, merge_lora, put_back
from pipelines.training.own.options import Method, options_for
from pipelines.training.tasks import parse_task

TASK = parse_task("topics_desk")
IDS, SHAPES, MASK = torch.tensor([[2, 5, 6, 3]]), torch.zeros(1, 4, dtype=torch.long), torch.ones(1, 4, dtype=torch.bool)


@pytest.fixture
def network(tiny_network: Network) -> Network:
    return graft_head(tiny_network, TASK, ("a", "b"), seed=1).eval()


@pytest.mark.parametrize(
    ("method", "learns", "rests"),
    [
        (Method.HEAD, {"sequence.topics_desk.query"}, {"encoder.norm.weight", "entities.0.weight"}),
        (Method.FULL, {"sequence.topics_desk.query", "encoder.norm.weight"}, {"encoder.words.weight", "entities.0.weight"}),
        (Method.LORA, {"sequence.topics_desk.query"}, {"encoder.norm.weight", "entities.0.weight"}),
        (Method.SCRATCH, {"encoder.words.weight", "sequence.topics_desk.query"}, set()),
    ],
)
def test_free_parameters_frees_what_the_method_teaches(method: Method, learns: set[str], rests: set[str], network: Network) -> None:
    free_parameters(network, TASK, options_for("topics_desk", method, rank=2))

    free = set(learnt_of(network))
    assert learns <= free
    assert not rests & free
    assert any("lora_" in name for name in free) == (method is Method.LORA)


def test_merge_lora_leaves_the_same_answers_in_a_plain_network(network: Network) -> None:
    names = set(network.state_dict())
    free_parameters(network, TASK, options_for("topics_desk", Method.LORA, rank=2))
    torch.manual_seed(2)
    put_back(network, {name: torch.randn_like(value) * 0.1 for name, value in learnt_of(network).items()})
    with torch.no_grad():
        before = network.encoder(IDS, SHAPES, MASK)

        merge_lora(network)

        after = network.encoder(IDS, SHAPES, MASK)
    assert set(network.state_dict()) == names
    assert torch.allclose(before, after, atol=1e-4)


def test_make_optimizer_gives_encoder_and_head_their_own_rates(network: Network) -> None:
    options = options_for("topics_desk", Method.FULL, encoder_rate=0.1, head_rate=0.2)
    free_parameters(network, TASK, options)

    groups = make_optimizer(network, options).param_groups

    assert [group["peak"] for group in groups] == [0.1, 0.2]
    assert sum(len(group["params"]) for group in groups) == len(learnt_of(network))
