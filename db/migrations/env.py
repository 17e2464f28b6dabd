"""What Alembic runs around the steps; the connection, its transaction and its lock are left to `db.migrate`."""

from alembic import context
from sqlalchemy import Connection

from db.engine import connect
from db.tables import Base


def migrate(connection: Connection) -> None:
    """Run the steps over `connection`, in the transaction it is in."""
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:  # the alembic command, by hand: alembic -c db/migrations/alembic.ini -x url=postgresql://...
    with connect(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        migrate(own)
