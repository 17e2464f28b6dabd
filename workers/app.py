"""The Celery app (`celery -A workers.app ...`); its settings stand in `workers.configuration`, its tasks in `workers.tasks`."""

from celery import Celery

app = Celery("bellwether")
# By name, not by value: a spawned child unpickles the app and reads its settings anew, and importing this module asks for no broker.
app.config_from_object("workers.configuration")
