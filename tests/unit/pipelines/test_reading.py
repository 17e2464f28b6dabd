import pytest

from pipelines.errors import InvalidRecord
from pipelines.model import BellwetherModel
from pipelines.reading import Reading, read_documents
from pipelines.records import Document, Failure, Kind


def document(text: str, title: str | None = None) -> Document:
    return Document(7, Kind.NEWS, text, "complaints", title)


@pytest.mark.parametrize(
    ("title", "before"),
    [
        (None, ""),
        ("  ", ""),
        ("Great news", "Great news. "),
        ("Great news!", "Great news! "),
        ("Apple", ""),
        ("Ask jo@ex.com", "Ask [email]. "),
    ],
)
def test_read_documents_puts_the_title_before_the_text(tiny_model: BellwetherModel, title: str | None, before: str) -> None:
    [reading] = read_documents([document("Apple falls", title)], model=tiny_model, overlap=0)

    assert isinstance(reading, Reading)
    assert reading.draft.before == before
    assert reading.tokens.text == f"{before}Apple falls"


@pytest.mark.parametrize("text", ["", " \n\t", "\x00\x00", "<p>&nbsp;</p>", "\u200b\ufeff"])
def test_read_documents_fails_what_holds_nothing_to_read(tiny_model: BellwetherModel, text: str) -> None:
    bad, good = read_documents([document(text, "A title"), document("great")], model=tiny_model, overlap=0)

    assert isinstance(bad, Failure)
    assert isinstance(bad.error, InvalidRecord)
    assert bad.document_id == 7
    assert isinstance(good, Reading)


def test_read_documents_shows_the_model_no_secret(tiny_model: BellwetherModel) -> None:
    [reading] = read_documents([document("Call +1 650 253 0000, card 4111 1111 1111 1111")], model=tiny_model, overlap=0)

    assert isinstance(reading, Reading)
    assert reading.tokens.text == "Call [phone], card [card]"
    assert reading.draft.plain.text == "Call +1 650 253 0000, card 4111 1111 1111 1111"
