import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.model import BellwetherModel
from pipelines.model_files import facts_of
from pipelines.network import load_network, save_network
from pipelines.training.compress.run import Refused, compress
from pipelines.training.compress.variant import Depth, Order
from pipelines.training.evaluation import NoHeadError

DEPTH_TOKENS = 400


def silent(line: str) -> None:
    assert line


@pytest.fixture
def texts(data_folder: Path) -> Path:
    return data_folder / "topics_banking77.train.jsonl.gz"


def test_compress_makes_an_8_bit_model_with_a_card_and_figures(order: Order) -> None:
    verdict = compress(order, tell=silent)

    assert not verdict.refused
    assert facts_of(order.out).is_int8
    assert verdict.size.after < verdict.size.before
    assert [speed.name for speed in verdict.speeds] == ["tiny", "small"]
    card = (order.out / "README.md").read_text()
    assert "points lost" in card
    assert "bellwether models compress tiny --name small --data sentiment_news.dev.jsonl.gz" in card
    assert json.loads((order.work / "compression.json").read_text())["accepted"]


def with_strong_layers(source: Path, folder: Path) -> Path:
    """Copy a model whose random layers hardly change anything, with weights so large that each is missed."""
    network = load_network(source)
    with torch.no_grad():
        for part in network.encoder.layers.parameters():
            part.mul_(8 if part.dim() > 1 else 1)
    save_network(network, folder, tokenizer=(source / "tokenizer.json").read_text())
    return folder


def agreed(folder: Path, *, into: Path) -> Path:
    """Write rows that the model gets all right: their labels are its own answers."""
    model = BellwetherModel("tiny", folder=folder)
    texts = [f"{['great', 'bad'][number % 2]} {'late ' * (number % 5)}market {number}" for number in range(60)]
    answers = [int(output.logits["topics_banking77"].argmax()) for output in model.forward(model.tokenize(texts))]
    rows = [{"text": text, "label": model.labels["topics_banking77"][answer]} for text, answer in zip(texts, answers, strict=True)]
    into.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return into


def test_compress_refuses_a_variant_that_reads_worse_and_keeps_its_figures(order: Order, texts: Path, tmp_path: Path) -> None:
    source = with_strong_layers(order.source, tmp_path / "strong")
    rows = agreed(source, into=tmp_path / "topics_banking77.jsonl")
    untaught = replace(order, source=source, is_int8=False, depth=Depth(1, [texts], 1), data=[rows], max_loss=0.5)

    with pytest.raises(Refused, match=r"refused: topics_banking77 loses .* --max-loss") as refused:
        compress(untaught, tell=silent)

    assert refused.value.verdict.refused
    assert not order.out.exists()
    assert not json.loads((order.work / "compression.json").read_text())["accepted"]


def test_compress_makes_a_shallower_model_that_shares_the_words_of_its_original(order: Order, texts: Path) -> None:
    wanted = replace(order, is_int8=False, depth=Depth(1, [texts], DEPTH_TOKENS), shares_words=True)

    verdict = compress(wanted, tell=silent)

    facts = facts_of(wanted.out)
    assert (facts.n_layers, facts.words_from) == (1, order.source.resolve())
    assert verdict.size.after == pytest.approx((wanted.out / "model.safetensors").stat().st_size, abs=500)
    assert load_network(wanted.out).encoder.words.weight.shape == (400, 32)
    assert BellwetherModel("small", folder=wanted.out).forward([]) == []


def test_compress_calibrates_a_shallower_model_anew(order: Order, texts: Path, tmp_path: Path) -> None:
    rows = [{"text": f"my card {number}", "label": ("card", "fee")[number % 2]} for number in range(200)]
    labelled = tmp_path / "topics_banking77.jsonl"
    labelled.write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted = replace(order, is_int8=False, depth=Depth(1, [labelled], DEPTH_TOKENS))

    compress(wanted, tell=silent)

    before, after = (load_network(folder).config.calibration["topics_banking77"] for folder in (order.source, wanted.out))
    assert before.temperature != after.temperature


def test_compress_stores_a_shallower_model_in_8_bits_too(order: Order, texts: Path) -> None:
    wanted = replace(order, depth=Depth(1, [texts], DEPTH_TOKENS))

    compress(wanted, tell=silent)

    assert (facts_of(wanted.out).is_int8, facts_of(wanted.out).n_layers) == (True, 1)


def test_compress_writes_over_nothing(order: Order) -> None:
    order.out.mkdir(parents=True)
    (order.out / "mine.txt").write_text("keep")

    with pytest.raises(ValueError, match="is there already"):
        compress(order, tell=silent)

    assert (order.out / "mine.txt").read_text() == "keep"


def test_compress_asks_for_something_to_do(order: Order) -> None:
    with pytest.raises(ValueError, match="nothing is asked for"):
        compress(replace(order, is_int8=False), tell=silent)


def test_compress_refuses_what_is_compressed_already(order: Order, tiny_int8_folder: Path) -> None:
    with pytest.raises(ValueError, match="8 bits already"):
        compress(replace(order, source=tiny_int8_folder), tell=silent)


def test_compress_needs_rows_for_the_gate(order: Order, tmp_path: Path) -> None:
    empty, strange = tmp_path / "sentiment_news.jsonl", tmp_path / "topics_unheard.jsonl"
    empty.write_text("")
    strange.write_text('{"text": "a", "label": "b"}\n')

    with pytest.raises(ValueError, match="the gate needs labelled"):
        compress(replace(order, data=[]), tell=silent)
    with pytest.raises(ValueError, match="no rows"):
        compress(replace(order, data=[empty]), tell=silent)
    with pytest.raises(NoHeadError, match="no head 'topics_unheard'"):
        compress(replace(order, data=[strange]), tell=silent)
