"""Make taxonomies of one's own: draft one from unlabelled records, find its faults, measure it on labelled rows.

Matching records to topics is left to `pipelines.topics`, reading the files to `pipelines.taxonomy`.
"""

from pipelines.training.topics.check import Finding, check
from pipelines.training.topics.embedded import Embedded, embed_taxonomy, read_described
from pipelines.training.topics.measure import Measured, measure
from pipelines.training.topics.suggest import Suggested, draft_toml, suggest

__all__ = [
    "Embedded",
    "Finding",
    "Measured",
    "Suggested",
    "check",
    "draft_toml",
    "embed_taxonomy",
    "measure",
    "read_described",
    "suggest",
]
