from pipelines.training.data import Example
from pipelines.training.probes.perturbations.letter_case import LOWER, TITLE, UPPER

TEXT = Example("The US fined @BankDesk on the 15th: see https://t.co/aB")


def test_lower_and_upper_leave_handles_and_links_as_they_are() -> None:
    assert LOWER.apply(TEXT).text == "the us fined @BankDesk on the 15th: see https://t.co/aB"
    assert UPPER.apply(TEXT).text == "THE US FINED @BankDesk ON THE 15TH: SEE https://t.co/aB"


def test_title_begins_words_with_a_capital_and_keeps_acronyms() -> None:
    assert TITLE.apply(TEXT).text == "The US Fined @BankDesk On The 15th: See https://t.co/aB"
