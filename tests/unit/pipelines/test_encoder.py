from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertModel

from pipelines.encoder import Encoder, EncoderConfig, config_from_bert, fastest_dtype, from_bert


def bert_pair(folder: Path) -> tuple[Encoder, BertModel]:
    theirs = BertModel.from_pretrained(folder).eval()
    config = config_from_bert(theirs.config.to_dict(), n_shapes=7)
    ours = Encoder(config).eval()
    ours.load_state_dict(from_bert(load_file(str(folder / "model.safetensors")), config=config), strict=False)
    return ours, theirs


def test_encoder_equals_the_transformers_bert_whose_weights_it_read(bert_base: Path) -> None:
    ours, theirs = bert_pair(bert_base)
    ids = torch.randint(4, 400, (3, 20), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids, dtype=torch.bool)
    mask[1, 12:] = False

    with torch.inference_mode():
        hidden = ours(ids, torch.zeros_like(ids), mask)
        wanted = theirs(input_ids=ids, attention_mask=mask.long()).last_hidden_state

    assert torch.allclose(hidden[mask], wanted[mask], atol=1e-5)


def test_encoder_attends_alike_in_training_and_serving(bert_base: Path) -> None:
    encoder, _ = bert_pair(bert_base)
    for layer in encoder.layers:
        layer.dropout = 0.0
    ids, mask = torch.arange(4, 34).view(2, 15), torch.ones(2, 15, dtype=torch.bool)
    mask[0, 9:] = False

    served = encoder(ids, torch.zeros_like(ids), mask)
    encoder.train()
    encoder.config = EncoderConfig(dropout=0.0)
    taught = encoder(ids, torch.zeros_like(ids), mask)

    assert torch.allclose(served[mask], taught[mask], atol=1e-5)


def test_encoder_does_not_let_padding_change_a_text(bert_base: Path) -> None:
    encoder, _ = bert_pair(bert_base)
    ids, mask = torch.randint(4, 400, (1, 16)), torch.ones(1, 16, dtype=torch.bool)
    mask[0, 10:] = False

    padded = encoder(ids, torch.zeros_like(ids), mask)[0, :10]
    alone = encoder(ids[:, :10], torch.zeros(1, 10, dtype=torch.long), mask[:, :10])[0]

    assert torch.allclose(padded, alone, atol=1e-5)


def test_encoder_starts_blind_to_letter_case() -> None:
    encoder = Encoder(EncoderConfig(vocab_size=20, width=16, n_layers=1, n_attention_heads=2, inner_width=32, n_positions=8)).eval()
    ids, mask = torch.tensor([[4, 5, 6]]), torch.ones(1, 3, dtype=torch.bool)

    lower, upper = encoder(ids, torch.ones_like(ids), mask), encoder(ids, torch.full_like(ids, 3), mask)

    assert torch.equal(lower, upper)


def test_config_refuses_heads_that_do_not_divide_the_width() -> None:
    with pytest.raises(ValueError, match="5 attention heads"):
        EncoderConfig(width=32, n_attention_heads=5)


def test_config_from_bert_refuses_another_activation(bert_base: Path) -> None:
    values = BertModel.from_pretrained(bert_base).config.to_dict() | {"hidden_act": "relu"}

    with pytest.raises(ValueError, match="relu"):
        config_from_bert(values, n_shapes=7)


def test_fastest_dtype_is_one_the_processor_can_do() -> None:
    assert fastest_dtype(torch.nn.Linear(32, 32), device=torch.device("cpu")) in {torch.float32, torch.bfloat16}
