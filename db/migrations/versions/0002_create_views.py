"""Create the views of `views.sql` as they stand; a later change of that file comes with a step that runs it again."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

_VIEWS = ("v_records", "v_sentiment_hourly", "v_topic_daily", "v_entity_mentions", "v_jobs", "v_incidents", "v_quarantine")


def upgrade() -> None:
    """Create the views."""
    op.execute((Path(__file__).parents[2] / "views.sql").read_text())


def downgrade() -> None:
    """Drop the views."""
    op.execute(f"DROP VIEW {', '.join(_VIEWS)}")
