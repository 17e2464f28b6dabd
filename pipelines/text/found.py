"""What a pattern found in a readable text; mapping it to the original is left to `pipelines.mentions`."""

from dataclasses import dataclass

SENSITIVE = frozenset({"EMAIL", "PHONE", "IBAN", "CARD"})
"""Groups whose words no model, log or message may see."""

UNJUDGED = SENSITIVE | {"MONEY", "PERCENT"}
"""Groups that no text speaks well or ill of: what is sensitive is masked, amounts are no subject."""


@dataclass(frozen=True, slots=True)
class Found:
    """A checked span of the text that was searched, and its normal form."""

    group: str
    start: int
    end: int
    entity: str
