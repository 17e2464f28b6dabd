import pytest
from tokenizers import Tokenizer

from pipelines.heads import tag_names
from pipelines.records import SENTIMENTS
from pipelines.tokens import TextTokenizer
from pipelines.training.data import GROUPS, Example, Span
from pipelines.training.prepare import IGNORED, class_weights, label_tokens, prepare, tag_tokens
from pipelines.training.tasks import TaskKind

NAMES = tag_names(GROUPS)


def test_tag_tokens_marks_first_tokens_of_words_only(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["Tim Cox in London"])

    tags = tag_tokens(tokens, [Span(0, 7, "PER"), Span(11, 17, "LOC")], groups=GROUPS)

    told = [NAMES[tag] if tag != IGNORED else "-" for tag in tags]
    assert told == ["B-PER", "I-PER", "-", "-", "O", "B-LOC"]


def test_tag_tokens_begins_anew_for_a_neighbouring_span(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["Tim Cook"])

    tags = tag_tokens(tokens, [Span(0, 3, "PER"), Span(4, 8, "PER")], groups=GROUPS)

    assert [NAMES[tag] for tag in tags] == ["B-PER", "B-PER"]


def test_tag_tokens_ignores_untold_places(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["the @cook paid"])

    assert tag_tokens(tokens, [], groups=GROUPS, untold=[(4, 9)]) == [0, IGNORED, IGNORED, 0]


def test_prepare_cuts_long_texts_and_keeps_targets_beside_their_tokens(tiny_tokenizer: Tokenizer) -> None:
    tokenizer = TextTokenizer(tiny_tokenizer)
    long = Example("the bank " * 10, label="loan")
    named = Example("in " * 4 + "London", spans=(Span(12, 18, "LOC"),))

    topics = prepare(TaskKind.TOPICS, [long], labels=["loan"], tokenizer=tokenizer, window_tokens=4, max_windows=3)
    entities = prepare(TaskKind.ENTITIES, [named], labels=GROUPS, tokenizer=tokenizer, window_tokens=3)

    assert [(len(item.tokens), item.target) for item in topics] == [(4, 0)] * 3
    assert [item.target for item in entities] == [[0, 0, 0], [0, NAMES.index("B-LOC")]]


def test_class_weights_lift_rare_labels_and_keep_the_mean() -> None:
    weights = class_weights([0, 0, 0, 0, 1], n_labels=2)

    assert weights[1] == pytest.approx(2 * weights[0])
    assert (4 * weights[0] + weights[1]) / 5 == pytest.approx(1)


def test_label_tokens_gives_every_piece_of_a_target_its_label(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["Tim Cox paid the bank"])

    told = label_tokens(tokens, [Span(0, 7, "positive"), Span(17, 21, "negative")], labels=SENTIMENTS)

    assert told == [2, 2, 2, 2, IGNORED, IGNORED, 0]


def test_prepare_leaves_out_windows_that_teach_nothing(tiny_tokenizer: Tokenizer) -> None:
    example = Example("in in in in London", spans=(Span(12, 18, "positive"),))

    items = prepare(TaskKind.TARGETS, [example], labels=SENTIMENTS, tokenizer=TextTokenizer(tiny_tokenizer), window_tokens=3)

    assert [item.target for item in items] == [[IGNORED, 2]]
