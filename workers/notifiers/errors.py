"""Why a notifier could not tell somebody; whether to try again is left to `workers.alerting`."""


class NotTold(Exception):  # reads as what happened
    """The receiver did not accept the message; it is sent again later."""
