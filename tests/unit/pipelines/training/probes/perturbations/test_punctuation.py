import pytest

from pipelines.training.data import Example
from pipelines.training.probes.perturbations.punctuation import PUNCTUATION


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Don't wait, it's late!", "Dont wait its late"),
        ("a well-known bank", "a well known bank"),
        ("if I can..then I will", "if I can then I will"),
        ("U.S. stocks rose 3.5%, to $1,200", "US stocks rose 3.5% to $1,200"),
        ("see https://t.co/x-1, @a_b and #c", "see https://t.co/x-1, @a_b and #c"),
        ("done \U0001f600!", "done \U0001f600"),
    ],
)
def test_punctuation_goes_where_it_is_no_part_of_a_number_or_address(text: str, plain: str) -> None:
    assert PUNCTUATION.apply(Example(text)).text == plain
