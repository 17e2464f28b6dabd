"""What a pull brought; how it is told is left to the callers."""

from dataclasses import dataclass

from workers.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Pulled:
    """Counts of one pull: records by their fate, and files or answers that could not be read at all."""

    n_accepted: int = 0
    n_duplicate: int = 0
    n_rejected: int = 0
    n_failed: int = 0

    def plus(self, receipt: Receipt) -> "Pulled":
        """Return the counts with a receipt's added."""
        return Pulled(
            self.n_accepted + receipt.n_accepted,
            self.n_duplicate + receipt.n_duplicate,
            self.n_rejected + receipt.n_rejected,
            self.n_failed,
        )

    def failed(self) -> "Pulled":
        """Return the counts with one more failure."""
        return Pulled(self.n_accepted, self.n_duplicate, self.n_rejected, self.n_failed + 1)
