"""Keep how a text speaks of each of its mentions, and count records by it; what was stored before says nothing."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns that no older code needs to know: null, or 0, is what it leaves in them."""
    op.execute("ALTER TABLE mention ADD COLUMN sentiment TEXT, ADD COLUMN sentiment_score REAL")
    op.execute(
        "ALTER TABLE rollup ADD COLUMN n_negative_towards INTEGER DEFAULT '0' NOT NULL, "
        "ADD COLUMN n_neutral_towards INTEGER DEFAULT '0' NOT NULL, ADD COLUMN n_positive_towards INTEGER DEFAULT '0' NOT NULL"
    )


def downgrade() -> None:
    """Drop the columns, and the view that shows them: the code of before makes its own when it upgrades."""
    op.execute("DROP VIEW v_entity_mentions")
    op.execute("ALTER TABLE rollup DROP COLUMN n_negative_towards, DROP COLUMN n_neutral_towards, DROP COLUMN n_positive_towards")
    op.execute("ALTER TABLE mention DROP COLUMN sentiment, DROP COLUMN sentiment_score")
