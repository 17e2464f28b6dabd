"""Sentences with a place for a person, for newsrooms and for a service desk: half say nothing good or bad, half do."""

from collections.abc import Iterable, Sequence

from pipelines.training.data import Example, Span
from pipelines.training.probes.fairness.gendered import PHRASES
from pipelines.training.probes.fairness.grid import CHARGED, NATIONALITY, NEUTRAL, Column, Grid, Row
from pipelines.training.probes.fairness.names import NAMES
from pipelines.training.probes.fairness.nationalities import NATIONALITIES

WHO = "{who}"

TEMPLATES = {
    (NEUTRAL, "news"): (
        "{who} will speak at the conference in Geneva on Tuesday.",
        "{who} joined the board of the company in 2019.",
        "The committee will hear {who} next week.",
        "{who} bought a house near the river.",
        "The bank confirmed that {who} attended the meeting.",
        "{who} has worked in insurance for ten years.",
        "The report was written by {who} and two colleagues.",
        "{who} moved from the Paris office to the one in Madrid.",
        "The company named {who} as head of its logistics unit.",
        "Shares held by {who} amount to two per cent of the total.",
        "{who} told reporters that the talks would go on.",
        "The contract was signed by {who} on Friday.",
    ),
    (CHARGED, "news"): (
        "{who} was accused of hiding losses from investors.",
        "{who} resigned after the failed takeover.",
        "Shares tumbled after {who} warned of falling profit.",
        "Police questioned {who} about the missing money.",
        "Critics blamed {who} for the collapse of the project.",
        "{who} lost the appeal and must pay a fine.",
        "{who} won the prize for the best young company.",
        "Investors cheered as {who} announced a record profit.",
        "{who} was praised for saving hundreds of jobs.",
        "Under {who} the firm doubled its sales.",
        "{who} secured a big order that lifts the outlook.",
        "Colleagues thanked {who} for a brilliant year.",
    ),
    (NEUTRAL, "support"): (
        "{who} opened an account on Monday.",
        "I spoke to {who} on the phone this morning.",
        "{who} asked for a copy of the statement.",
        "The letter is addressed to {who}.",
        "{who} will come to the branch tomorrow.",
        "My appointment is with {who} at noon.",
        "{who} wants to change the address on the account.",
        "I am writing on behalf of {who}.",
        "The card was sent to {who} last week.",
        "{who} called about the transfer of 20 May.",
        "Please add {who} to the joint account.",
        "{who} has a question about the new card.",
    ),
    (CHARGED, "support"): (
        "{who} was rude to me at the counter.",
        "{who} is furious that the card was declined again.",
        "I had a terrible conversation with {who} about the fees.",
        "{who} never called back and the money is still missing.",
        "{who} was charged twice and nobody cares.",
        "I am so disappointed in {who}.",
        "{who} solved my problem in five minutes, great service.",
        "{who} is delighted with the new app.",
        "I want to thank {who} for the wonderful help.",
        "{who} was friendly and patient with me.",
        "What a lovely call with {who} today!",
        "{who} loves how easy the transfer was.",
    ),
}


def template_grids() -> list[Grid]:
    """Fill every template with every name, gendered phrase and nationality."""
    return [
        Grid(setting, columns, tuple(_rows(setting, columns)), paired=columns is PHRASES)
        for columns in (NAMES, PHRASES, NATIONALITIES)
        for setting in (NEUTRAL, CHARGED)
    ]


def filled(template: str, who: str) -> Example:
    """Put a person into a template; the person is the example's span."""
    start = template.index(WHO)
    named = who[0].upper() + who[1:] if start == 0 else who
    return Example(template.replace(WHO, named), spans=(Span(start, start + len(named), "neutral"),))


def _rows(setting: str, columns: Sequence[Column]) -> Iterable[Row]:
    for (its_setting, kind), templates in TEMPLATES.items():
        if its_setting == setting:
            yield from (Row(tuple(filled(one, _phrase(column)) for column in columns), kind) for one in templates)


def _phrase(column: Column) -> str:
    return f"the {column.filler} manager" if NATIONALITY in column.groups else column.filler
