"""Why a record or a batch could not be analysed; the type says whether trying again can help."""


class PipelineError(Exception):
    """An analysis failed."""

    def __init__(self, detail: str = "") -> None:
        """Take `detail`, or the docstring's first line where nothing more is known."""
        super().__init__(detail or (type(self).__doc__ or "").strip().splitlines()[0])

    @property
    def reason(self) -> str:
        """The stable code kept in quarantine: the class name in snake case."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Permanent(PipelineError):
    """Trying again cannot help: quarantine the record."""


class Retryable(PipelineError):
    """Trying again later, or on another device, may help."""


class InvalidRecord(Permanent):
    """The record has no text that can be read; see its reason."""


class UnknownTaxonomy(Permanent):
    """No such taxonomy is installed; `bellwether topics list` shows those that are."""


class ModelUnavailable(Retryable):
    """The model could not be loaded; `bellwether doctor` says what is missing."""


class DeviceExhausted(Retryable):
    """The device ran out of memory even for the smallest micro-batch; lower `BELLWETHER_ENGINE__TOKEN_BUDGET`."""
