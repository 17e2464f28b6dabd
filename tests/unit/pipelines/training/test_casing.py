from collections import Counter

import numpy as np
from tokenizers import Tokenizer

from pipelines.tokens import Shape, TextTokenizer
from pipelines.training.casing import CHANCES, vary_case
from pipelines.training.prepare import Item


def test_vary_case_changes_letters_alone_and_as_often_as_it_says(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["Tim paid apfel 20!"])
    item, rng = Item(tokens, 1), np.random.default_rng(1)

    varied = [vary_case(item, rng=rng) for _ in range(4_000)]

    counts = Counter(tuple(one.tokens.shapes) for one in varied)
    digits = sum(shape == Shape.DIGIT for shape in tokens.shapes)
    letters = len(tokens) - digits - 1
    assert counts[tuple(tokens.shapes)] / 4_000 > 0.8
    assert abs(counts[(*[Shape.LOWER] * letters, *[Shape.DIGIT] * digits, Shape.OTHER)] / 4_000 - CHANCES[Shape.LOWER]) < 0.02
    assert abs(counts[(*[Shape.UPPER] * letters, *[Shape.DIGIT] * digits, Shape.OTHER)] / 4_000 - CHANCES[Shape.UPPER]) < 0.02
    assert all((one.tokens.ids, one.tokens.offsets, one.target) == (tokens.ids, tokens.offsets, 1) for one in varied)


def test_vary_case_capitalises_first_pieces_of_words(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["apfel"])
    rng = np.random.default_rng(2)

    shapes = {tuple(vary_case(Item(tokens, 0), rng=rng).tokens.shapes) for _ in range(300)}

    assert (Shape.TITLE, *[Shape.LOWER] * (len(tokens) - 1)) in shapes
