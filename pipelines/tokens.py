"""Tokenise texts into ids, letter-case classes and character offsets; cutting them into windows is left to `pipelines.text`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer


class Shape(IntEnum):
    """The letter case of a token as written; an uncased vocabulary forgets it, and names live by it."""

    SPECIAL = 0
    LOWER = 1
    TITLE = 2
    UPPER = 3
    MIXED = 4
    DIGIT = 5
    OTHER = 6


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text, or a slice of them, without special tokens.

    `offsets` are half-open character offsets into the whole text given; `word_starts` is True where a token starts a word.
    `text` is that whole text: models that read with more than one tokenizer need it; it is empty where nobody kept it.
    `asked` are the places of tokens, beside those that a model finds to be mentions, towards which sentiment is wanted.
    """

    ids: list[int]
    shapes: list[int]
    offsets: list[tuple[int, int]]
    word_starts: list[bool]
    text: str = ""
    asked: frozenset[int] = frozenset()

    def __len__(self) -> int:
        """Count the tokens."""
        return len(self.ids)

    def window(self, start: int, stop: int) -> "Tokens":
        """Return tokens `start` to `stop` (exclusive) with the offsets they have in the whole text."""
        part = slice(start, stop)
        asked = frozenset(place - start for place in self.asked if start <= place < stop)
        return Tokens(self.ids[part], self.shapes[part], self.offsets[part], self.word_starts[part], self.text, asked)


@lru_cache(maxsize=65_536)
def shape_of(piece: str) -> Shape:
    """Classify the characters of one token as they stand in the original text."""
    if piece.isdigit():
        return Shape.DIGIT
    if not any(character.isalpha() for character in piece):
        return Shape.OTHER
    if piece.isupper():
        return Shape.UPPER
    if piece == piece.lower():
        return Shape.LOWER
    return Shape.TITLE if piece == piece.capitalize() else Shape.MIXED


class TextTokenizer:
    """A `tokenizer.json` that never truncates or pads, and the ids of the special tokens that models want around a window."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.backend = tokenizer

    @classmethod
    def load(cls, path: Path) -> "TextTokenizer":
        """Read a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)))

    def special(self, token: str) -> int:
        """Return the id of a special token; ValueError if the vocabulary lacks it."""
        found: int | None = self.backend.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token} token")
        return found

    def __call__(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise whole texts, whatever their length."""
        encodings = self.backend.encode_batch(list(texts), add_special_tokens=False)
        return [_tokens(encoding, text) for encoding, text in zip(encodings, texts, strict=True)]


def join_words(tokens: Tokens) -> Tokens:
    """Take what an underscore holds together for one word, as in the handle @ann_lee: a tokenizer that splits there cuts names in half."""
    places = zip(tokens.offsets, tokens.offsets[1:], strict=False)
    held = [before[1] == after[0] and "_" in tokens.text[before[1] - 1 : after[0] + 1] for before, after in places]
    starts = [start and not joined for start, joined in zip(tokens.word_starts, [False, *held], strict=False)]
    return replace(tokens, word_starts=starts)


def _tokens(encoding: Any, text: str) -> Tokens:
    offsets: list[tuple[int, int]] = encoding.offsets
    words: list[int | None] = encoding.word_ids
    starts = [word is None or index == 0 or word != words[index - 1] for index, word in enumerate(words)]
    return Tokens(encoding.ids, [int(shape_of(text[start:end])) for start, end in offsets], offsets, starts, text)
