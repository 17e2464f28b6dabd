"""The views: going up needs nothing here, since they are made as `views.sql` has them once the last step is taken (see env.py)."""

from alembic import op

revision = "0002"
down_revision = "0001"

_VIEWS = ("v_records", "v_sentiment_hourly", "v_topic_daily", "v_entity_mentions", "v_jobs", "v_incidents", "v_quarantine")


def upgrade() -> None:
    """Leave the views to what comes after the last step."""


def downgrade() -> None:
    """Drop the views."""
    op.execute(f"DROP VIEW IF EXISTS {', '.join(_VIEWS)}")
