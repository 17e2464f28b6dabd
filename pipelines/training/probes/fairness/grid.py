"""The texts of one question of fairness: each row one text, each column one way to fill in the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.training.data import Example

NAME_GENDER = "gender, by name"
NAME_ORIGIN = "origin, by name"
WORD_GENDER = "gender, by word"
NATIONALITY = "nationality"
AXES = (NAME_GENDER, WORD_GENDER, NAME_ORIGIN, NATIONALITY)

NEUTRAL = "plain templates"
CHARGED = "charged templates"
REAL = "real text"


@dataclass(frozen=True, slots=True)
class Column:
    """One way to fill in the person, and which group it stands for on each axis, such as gender: female."""

    filler: str
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One text in every column: the person is the first span of each. `kind` is news, support, or empty for texts of any kind."""

    examples: tuple[Example, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns, all pairs of which are texts. `paired`: column i of a group is the counterpart of column i of another."""

    setting: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    paired: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes on which the columns differ."""
        return tuple(axis for axis in AXES if axis in self.columns[0].groups)

    def groups(self, axis: str) -> tuple[str, ...]:
        """Return the groups of an axis in the order of the columns."""
        return tuple(dict.fromkeys(column.groups[axis] for column in self.columns))

    def columns_of(self, axis: str, group: str) -> Sequence[int]:
        """Return which columns stand for a group."""
        return [at for at, column in enumerate(self.columns) if column.groups[axis] == group]
