"""A tiny model that also judges sentiment towards places, with some letter case, a temperature and a described taxonomy."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from pipelines.model import BellwetherModel
from pipelines.network import Calibration, Network, save_network
from pipelines.reading import Reading, read_documents
from pipelines.records import SENTIMENTS, Document, Kind
from pipelines.taxonomy import DescribedTaxonomy, Topic


@pytest.fixture(scope="session")
def full_folder(tiny_network: Network, tiny_tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(11)
    config = replace(tiny_network.config, targets=SENTIMENTS, calibration={"sentiment_news": Calibration(temperature=0.5)})
    network = Network(config).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # far from linear, so that adding up is no matter of course
    folder = tmp_path_factory.mktemp("full") / "model"
    save_network(network, folder, tokenizer=tiny_tokenizer.to_str())
    return folder


@pytest.fixture
def full_model(full_folder: Path) -> BellwetherModel:
    model = BellwetherModel("full", folder=full_folder)
    model.network.encoder.float()
    return model


@pytest.fixture
def reading(full_model: BellwetherModel) -> Reading:
    return read(full_model, "Apple falls, the bank rises; the market was not great.")


def read(model: BellwetherModel, text: str, *, title: str | None = None) -> Reading:
    [found] = read_documents([Document(1, Kind.NEWS, text, "desk", title)], model=model, overlap=8)
    assert isinstance(found, Reading)
    return found


@pytest.fixture
def desk() -> DescribedTaxonomy:
    topics = (
        Topic(name="cards", title="Cards", description="my card is late", examples=("the card was late", "a card fee")),
        Topic(name="markets", description="the market falls", examples=("profit falls in london",)),
        Topic(name="people", description="tim cook", examples=("tim cook in london",)),
    )
    return DescribedTaxonomy(name="desk", threshold=-1.0, topics=topics)
