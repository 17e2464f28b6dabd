"""What Alembic runs around the steps; the connection, its transaction and its lock are left to `db.migrate`."""

from pathlib import Path

from alembic import context
from sqlalchemy import Connection

from db.engine import connect
from db.tables import Base

VIEWS = Path(__file__).parents[1] / "views.sql"


def migrate(connection: Connection) -> None:
    """Run the steps over `connection`, in the transaction it is in; if they led to the last one, make the views as they stand.

    No step makes views: they are told once, in `views.sql`, over the tables that the last step leaves.
    """
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    with context.begin_transaction():
        steps = context.get_context()
        before = steps.get_current_revision()
        context.run_migrations()
        if before != steps.get_current_revision() == context.get_head_revision():
            connection.exec_driver_sql(VIEWS.read_text(encoding="utf-8"))


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:  # the alembic command, by hand: alembic -c db/migrations/alembic.ini -x url=postgresql://...
    with connect(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        migrate(own)
