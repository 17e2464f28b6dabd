from pipelines.training.data import Example
from pipelines.training.probes.perturbations.typos import TYPOS


def test_typos_mistype_one_longer_word_in_ten_but_keep_first_letters() -> None:
    words = [f"{letter}ellow" for letter in "abcdefghijklmnopqrst"]

    changed = TYPOS.apply(Example(" ".join(words)), seed=3).text.split(" ")

    assert len(changed) == 20
    assert sum(one != other for one, other in zip(words, changed, strict=True)) == 2
    assert [word[0] for word in changed] == [word[0] for word in words]


def test_typos_spare_short_words_handles_and_links() -> None:
    text = "it is not so @bankdesk https://example.com/statement #earnings"

    assert TYPOS.apply(Example(text)).text == text
