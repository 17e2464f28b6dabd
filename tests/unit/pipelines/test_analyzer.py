from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipelines.analyzer import Analyzer
from pipelines.errors import DeviceExhausted, InvalidRecord, ModelUnavailable, UnknownTaxonomy
from pipelines.model import BellwetherModel, Tokens, WindowOutput
from pipelines.network import Network, save_network
from pipelines.records import SENTIMENTS, Analysis, Document, Failure, Kind
from pipelines.taxonomy import read_taxonomies

TEXTS = [
    "Apple profit falls", "great news from the bank " * 40, "$AAPL up 5% \U0001f600", "my card 4111 1111 1111 1111 was late",
    "<p>Tim Cook &amp; co in London</p>", "a", "bad " * 300, "\u05e9\u05dc\u05d5\u05dd bank", "not very great",
]  # fmt: skip


def documents(texts: Sequence[str], taxonomy: str = "complaints") -> list[Document]:
    return [Document(number, list(Kind)[number % 2], text, taxonomy) for number, text in enumerate(texts)]


@pytest.fixture
def analyzer(tiny_model: BellwetherModel) -> Analyzer:
    return Analyzer(tiny_model, taxonomies=read_taxonomies(), token_budget=128, window_overlap=8)


def analyse(analyzer: Analyzer, text: str, **changes: object) -> Analysis:
    fields = {"id": 1, "kind": Kind.NEWS, "text": text, "title": None, "language": None, "taxonomy": "complaints", **changes}
    [analysis] = analyzer.analyze([Document(**fields)])  # type: ignore[arg-type]
    assert isinstance(analysis, Analysis)
    return analysis


def check_offsets(analysis: Analysis, text: str) -> None:
    assert all(text[one.start : one.end] == one.word and one.word for one in analysis.mentions)
    assert all(one.end <= other.start for one, other in pairwise(analysis.mentions))


def how_sure(analysis: Analysis) -> list[float]:
    """Return how sure the sentiment towards each mention is; 0 where there is none."""
    return [one.sentiment.score if one.sentiment else 0.0 for one in analysis.mentions]


@pytest.mark.parametrize("taxonomy", ["complaints", "finance-desk"])
def test_analyze_gives_the_same_alone_or_in_a_batch(analyzer: Analyzer, taxonomy: str) -> None:
    batch = documents(TEXTS, taxonomy)

    together = analyzer.analyze(batch)

    for document, one in zip(batch, together, strict=True):
        [alone] = analyzer.analyze([document])
        assert isinstance(one, Analysis)
        assert isinstance(alone, Analysis)
        assert one.document_id == document.id
        assert one.sentiment_scores == pytest.approx(alone.sentiment_scores, abs=1e-3)
        assert {label.label: label.score for label in one.topics} == pytest.approx(
            {label.label: label.score for label in alone.topics}, abs=1e-3
        )
        assert [(m.start, m.end, m.entity_group) for m in one.mentions] == [(m.start, m.end, m.entity_group) for m in alone.mentions]
        assert how_sure(one) == pytest.approx(how_sure(alone), abs=1e-3)


def test_analyze_returns_one_result_each_in_order_and_spares_the_neighbours(analyzer: Analyzer) -> None:
    batch = documents(["great", " \x00 ", "bad"])

    first, second, third = analyzer.analyze(batch)

    assert isinstance(first, Analysis)
    assert isinstance(second, Failure)
    assert isinstance(second.error, InvalidRecord)
    assert isinstance(third, Analysis)
    assert [one.document_id for one in (first, second, third)] == [0, 1, 2]
    assert analyzer.analyze([]) == []


def test_analyze_fails_only_the_records_of_an_unknown_taxonomy(analyzer: Analyzer) -> None:
    bad, good = analyzer.analyze([*documents(["great"], "nope"), *documents(["great"])])

    assert isinstance(bad, Failure)
    assert isinstance(bad.error, UnknownTaxonomy)
    assert isinstance(good, Analysis)


def test_analyze_scores_add_up_and_name_the_best(analyzer: Analyzer) -> None:
    for text in TEXTS:
        analysis = analyse(analyzer, text)
        assert tuple(analysis.sentiment_scores) == SENTIMENTS
        assert sum(analysis.sentiment_scores.values()) == pytest.approx(1, abs=1e-5)
        assert analysis.sentiment.score == max(analysis.sentiment_scores.values())
        check_offsets(analysis, text)


def test_analyze_asks_the_sentiment_head_of_the_kind(analyzer: Analyzer) -> None:
    news, support = (analyse(analyzer, "great news", kind=kind) for kind in Kind)

    assert news.sentiment_scores != support.sentiment_scores


def test_analyze_reads_the_title_as_context_but_finds_nothing_in_it(analyzer: Analyzer) -> None:
    plain = analyse(analyzer, "the fee of the card")

    titled = analyse(analyzer, "the fee of the card", title="$AAPL great profit in London")

    assert titled.n_tokens > plain.n_tokens
    assert titled.sentiment_scores != plain.sentiment_scores
    assert not any(mention.entity_group == "TICKER" for mention in titled.mentions)
    check_offsets(titled, "the fee of the card")


def test_analyze_reads_long_texts_whole(analyzer: Analyzer) -> None:
    text = "good bank " * 500 + "$AAPL fell 5%"

    analysis = analyse(analyzer, text)

    assert analysis.n_windows > 30
    assert [mention.word for mention in analysis.mentions if mention.score == 1.0] == ["$AAPL", "5%"]


def test_analyze_lets_patterns_win_and_masks_what_is_sensitive(analyzer: Analyzer) -> None:
    text = "pay jo@example.com or DE89 3704 0044 0532 0130 00 now"

    found = [mention for mention in analyse(analyzer, text).mentions if mention.score == 1.0]

    assert [(one.entity_group, one.entity) for one in found] == [("EMAIL", "***@example.com"), ("IBAN", "DE***00")]


def test_analyze_keeps_a_language_that_is_known_and_tells_one_that_is_not(analyzer: Analyzer) -> None:
    assert analyse(analyzer, "los mercados cayeron hoy con mucha fuerza", language="xx").language == "xx"
    assert analyse(analyzer, "los mercados cayeron hoy con mucha fuerza").language == "es"
    assert analyse(analyzer, "ok").language is None


class Bare:
    """A model with one sentiment head for all, other names in another order, and nothing else."""

    def __init__(self, model: BellwetherModel, labels: Mapping[str, tuple[str, ...]]) -> None:
        self.model = model
        self.ref = model.ref
        self.window_tokens = model.window_tokens
        self.labels = labels
        self.tokenize = model.tokenize

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        return [WindowOutput({"sentiment": one.logits["sentiment_news"]}, None, None) for one in self.model.forward(windows)]


def test_analyze_does_with_a_model_that_lacks_heads(tiny_model: BellwetherModel) -> None:
    bare = Bare(tiny_model, {"sentiment": ("POSITIVE", "negative", "other")})
    analyzer = Analyzer(bare, taxonomies=read_taxonomies(), token_budget=128, window_overlap=8)  # type: ignore[arg-type]

    analysis = analyse(analyzer, "Tim Cook sold $AAPL", taxonomy="finance-desk")

    assert analysis.sentiment_scores["neutral"] == 0
    assert analysis.sentiment.label in {"positive", "negative"}
    assert (analysis.topic, analysis.topics) == (None, ())
    assert [mention.entity for mention in analysis.mentions] == ["AAPL"]


def test_analyze_says_how_a_text_speaks_of_its_names_and_tickers(analyzer: Analyzer) -> None:
    mentions = analyse(analyzer, "Pay jo@example.com, then: $AAPL up 5%, Tim Cook is great", title="A title").mentions

    judged = {one.entity_group: one.sentiment for one in mentions}
    assert {"EMAIL", "PERCENT", "TICKER"} <= set(judged)
    assert judged["EMAIL"] is judged["PERCENT"] is None
    said = [one for group, one in judged.items() if group in {"TICKER", "PER", "ORG", "LOC"}]
    assert all(one is not None and one.label in SENTIMENTS and 1 / 3 <= one.score <= 1 for one in said)


def test_analyze_judges_every_mention_of_a_long_text(analyzer: Analyzer) -> None:
    analysis = analyse(analyzer, "the bank of london is late and $AAPL falls. " * 40)

    assert analysis.n_windows > 5
    assert sum(one.entity == "AAPL" for one in analysis.mentions) == 40
    assert all(one.sentiment is not None for one in analysis.mentions)


def test_analyze_judges_a_ticker_by_its_letters(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tokens] = []
    forward = analyzer.model.forward

    def watched(windows: Sequence[Tokens]) -> list[WindowOutput]:
        seen.extend(windows)
        return forward(windows)

    monkeypatch.setattr(analyzer.model, "forward", watched)
    analyse(analyzer, "jo@example.com sold $AAPL", title="Now")

    [window] = seen
    assert "".join(window.text[slice(*window.offsets[place])] for place in sorted(window.asked)) == "AAPL"


def test_analyze_with_a_model_of_before_leaves_sentiment_towards_mentions_open(
    tiny_network: Network, tiny_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    older = Network(replace(tiny_network.config, targets=()))
    older.load_state_dict({name: value for name, value in tiny_network.state_dict().items() if not name.startswith("targets.")})
    save_network(older, tmp_path / "older", tokenizer=tiny_tokenizer.to_str())
    analyzer = Analyzer(BellwetherModel("older", folder=tmp_path / "older"), taxonomies=read_taxonomies())

    mentions = analyse(analyzer, "Tim Cook of the bank in London sold $AAPL").mentions

    assert mentions
    assert all(one.sentiment is None for one in mentions)


def test_analyzer_refuses_a_model_that_says_no_sentiment(tiny_model: BellwetherModel) -> None:
    with pytest.raises(ModelUnavailable, match="map its names by `labels` in the catalog"):
        Analyzer(Bare(tiny_model, {"sentiment": ("LABEL_0",)}), taxonomies=read_taxonomies(), token_budget=128, window_overlap=8)  # type: ignore[arg-type]


def test_analyze_raises_what_may_pass_for_the_whole_batch(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(windows: Sequence[Tokens]) -> list[WindowOutput]:
        raise DeviceExhausted

    monkeypatch.setattr(analyzer.model, "forward", exhausted)

    with pytest.raises(DeviceExhausted):
        analyzer.analyze(documents(["great", "bad"]))


def test_warm_up_leaves_the_analyzer_ready(analyzer: Analyzer) -> None:
    analyzer.warm_up()

    assert analyse(analyzer, "great").n_windows == 1


ODD_TEXTS = {
    "empty": "",
    "blank": " \t\r\n\x0b\x0c\u2028\u3000",
    "100,000 tokens": "bank fee " * 50_000,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 $AAPL \U0001f44d\U0001f3fd up 5% \u2764\ufe0f",
    "right to left": "\u202b\u05e9\u05dc\u05d5\u05dd $AAPL \u0645\u0631\u062d\u0628\u0627 5%\u202c",
    "NUL": "\x00ba\x00nk $AA\x00PL fell 5\x00%\x00",
    "2 MiB line": "x" * (2 << 20),
    "many mentions": "bank $AAPL 5% " * 2_000,
    "HTML": "<!DOCTYPE html><html><body><p class='a'>Tim <b>Cook</b> sold&nbsp;$AAPL &amp; paid <i>5</i>%</p><script>x</script>",
    "mojibake": "caf\u00c3\u00a9 \u00e2\u20ac\u2122s \ufffd\ufffd $AAPL fell 5%",
    "lone surrogates": "bank \ud83d fee \ude00 $AAPL",
    "combining": "Z\u0351\u036b\u0343\u036a\u0302a\u0334\u0335lgo " * 200,
    "one character": "\u4e2d",
    "only marks": "?!" * 500,
    "full width": "\uff21\uff30\uff30\uff2c\u3000\uff05 \uff04AAPL \ufb01ne",
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_analyze_takes_odd_texts_with_offsets_that_hold(analyzer: Analyzer, text: str) -> None:
    [outcome] = analyzer.analyze([Document(1, Kind.NEWS, text, "complaints", text[:200])])

    if isinstance(outcome, Failure):
        assert not text.strip()
    else:
        check_offsets(outcome, text)
        assert outcome.n_windows >= 1
