"""Where incidents are told: one small file a kind behind one protocol; when and how often is left to `workers.alerting`."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers import console, webhook
from workers.notifiers.errors import NotTold as NotTold


class Notifier(Protocol):
    """Somebody who is told of incidents."""

    def notify(self, message: Mapping[str, Any], *, delivery: str) -> None:
        """Tell one change of one incident; raise NotTold where trying again can help.

        `delivery` is the same whenever the same message is sent again, so that a receiver can drop repeats.
        """


KINDS: dict[str, Callable[[NotifierSettings], Notifier]] = {"console": console.make, "webhook": webhook.make}
"""Kind -> how to make one of its settings."""


def make(chosen: NotifierSettings) -> Notifier:
    """Return the notifier that the settings describe."""
    return KINDS[chosen.kind](chosen)
