"""Count the negative records that series of one source share; what sharing means is left to `workers.incidents.relation`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CTE, Text, any_, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from db.parts import Part
from db.tables import Analysis, Mention, Record


def count_shared(session: Session, one: Part, others: Sequence[Part], *, since: datetime, until: datetime) -> list[tuple[int, int, int]]:
    """Count, for each of `others`, the negatives of `one`'s series in [`since`, `until`), those of the other's, and those of both.

    All are entities or topics of one source. One statement, however many they are: it reads the stretch's negatives once.
    """
    named = _named(one.source_id, keys=sorted({part.key for part in (one, *others)}), since=since, until=until)
    own = select(named.c.record_id).where(named.c.dimension == one.dimension, named.c.key == one.key)
    both = func.count().filter(named.c.record_id.in_(own))
    rows = session.execute(select(named.c.dimension, named.c.key, func.count(), both).group_by(named.c.dimension, named.c.key))
    counted = {(dimension, key): (n, n_both) for dimension, key, n, n_both in rows}
    n_own, _ = counted.get((one.dimension, one.key), (0, 0))
    return [(n_own, *counted.get((other.dimension, other.key), (0, 0))) for other in others]


def _named(source_id: int, *, keys: Sequence[str], since: datetime, until: datetime) -> CTE:
    """Select the negative records by topic and by entity, a row for each that is among `keys`; the newest analysis counts."""
    newest = (
        select(Analysis.record_id, Analysis.model_id, Analysis.sentiment, Analysis.topic)
        .ext(distinct_on(Analysis.record_id))
        .join(Record, Record.id == Analysis.record_id)
        .where(Record.source_id == source_id, Record.superseded_at.is_(None))
        .where(Record.published_at >= since, Record.published_at < until)
        .order_by(Analysis.record_id, Analysis.analyzed_at.desc(), Analysis.model_id.desc())
        .cte("newest")
    )
    negative = select(newest).where(newest.c.sentiment == "negative").cte("negative")
    wanted = any_(literal(list(keys), ARRAY(Text)))
    entity = func.concat(Mention.entity_group, ":", Mention.entity)
    entities = (
        select(literal("entity").label("dimension"), entity.label("key"), negative.c.record_id)
        .distinct()
        .join(Mention, (Mention.record_id == negative.c.record_id) & (Mention.model_id == negative.c.model_id))
        .where(entity == wanted)
    )
    topics = select(literal("topic"), negative.c.topic, negative.c.record_id).where(negative.c.topic == wanted)
    return union_all(entities, topics).cte("named")
