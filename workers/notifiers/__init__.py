"""Where incidents are told: one small file a kind behind one protocol; when and how often is left to `workers.telling`."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers import alertmanager, apprise, console, email, slack, webhook
from workers.notifiers.errors import NotTold as NotTold
from workers.notifiers.message import Message as Message


class Notifier(Protocol):
    """Somebody who is told of incidents."""

    def notify(self, message: Message) -> None:
        """Tell one change of one incident; raise NotTold where trying again can help.

        `message.delivery` is the same whenever the same message is sent again, so that a receiver can drop repeats.
        """


@runtime_checkable
class Keeper(Protocol):
    """A notifier that forgets what still fires unless it is told from time to time."""

    def keep(self, messages: Sequence[Message]) -> None:
        """Tell what still fires, all at once; raise NotTold where trying again can help."""


KINDS: dict[str, Callable[[NotifierSettings], Notifier]] = {
    "console": console.make,
    "webhook": webhook.make,
    "alertmanager": alertmanager.make,
    "email": email.make,
    "slack": slack.make,
    "apprise": apprise.make,
}
"""Kind -> how to make one of its settings."""


def make(chosen: NotifierSettings) -> Notifier:
    """Return the notifier that the settings describe."""
    return KINDS[chosen.kind](chosen)
