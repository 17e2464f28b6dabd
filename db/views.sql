-- The views that BI tools and dbt may rely on: names, columns and types are stable; the tables behind them are not.
-- Times are UTC; a day or an hour is named by its start. Superseded versions of a record are never counted.
-- They are made anew once the last step of db/migrations is taken; a change here comes with a step, be it an empty one. Columns
-- are only ever added at a view's end.

CREATE OR REPLACE VIEW v_records AS
SELECT
    record.id AS record_id,
    source.name AS source,
    record.external_id,
    record.version,
    record.kind,
    record.lane,
    record.state,
    record.published_at,
    record.received_at,
    record.title,
    record.text,
    record.url,
    record.author,
    COALESCE(latest.language, record.language) AS language,
    latest.sentiment,
    latest.sentiment_score,
    latest.p_negative,
    latest.p_neutral,
    latest.p_positive,
    latest.taxonomy,
    latest.topic,
    latest.topic_score,
    latest.n_tokens,
    model_revision.name AS model,
    model_revision.revision AS model_revision,
    latest.analyzed_at
FROM record
JOIN source ON source.id = record.source_id
LEFT JOIN LATERAL (
    SELECT analysis.*
    FROM analysis
    WHERE analysis.record_id = record.id
    ORDER BY analysis.analyzed_at DESC, analysis.model_id DESC
    LIMIT 1
) AS latest ON TRUE
LEFT JOIN model_revision ON model_revision.id = latest.model_id
WHERE record.superseded_at IS NULL;

COMMENT ON VIEW v_records IS 'Every current record with what the newest model revision said of it; sentiment is null until it is analysed.';
COMMENT ON COLUMN v_records.sentiment_score IS 'How sure the model is of the sentiment, 0 to 1.';
COMMENT ON COLUMN v_records.published_at IS 'Event time: when the text was published where it came from.';
COMMENT ON COLUMN v_records.received_at IS 'When Bellwether accepted the record.';
COMMENT ON COLUMN v_records.record_id IS 'Unique; each version of a record has its own.';
COMMENT ON COLUMN v_records.source IS 'The source''s name.';
COMMENT ON COLUMN v_records.external_id IS 'The producer''s own name for the record, unique within its source.';
COMMENT ON COLUMN v_records.version IS '1, and one more each time the text changed under the same external id.';
COMMENT ON COLUMN v_records.kind IS 'news or support.';
COMMENT ON COLUMN v_records.lane IS 'live or backfill.';
COMMENT ON COLUMN v_records.state IS 'pending, done or quarantined.';
COMMENT ON COLUMN v_records.title IS 'The record''s title, if it has one.';
COMMENT ON COLUMN v_records.text IS 'The text as it came.';
COMMENT ON COLUMN v_records.url IS 'Where it was published, if the producer said so.';
COMMENT ON COLUMN v_records.author IS 'Who wrote it, if the producer said so.';
COMMENT ON COLUMN v_records.language IS 'As the model''s chain found it, else as the producer said.';
COMMENT ON COLUMN v_records.sentiment IS 'negative, neutral or positive.';
COMMENT ON COLUMN v_records.p_negative IS 'Probability of negative.';
COMMENT ON COLUMN v_records.p_neutral IS 'Probability of neutral.';
COMMENT ON COLUMN v_records.p_positive IS 'Probability of positive.';
COMMENT ON COLUMN v_records.taxonomy IS 'The taxonomy the record was read by.';
COMMENT ON COLUMN v_records.topic IS 'The likeliest topic; null where none is likely enough.';
COMMENT ON COLUMN v_records.topic_score IS 'How sure the model is of the topic, 0 to 1.';
COMMENT ON COLUMN v_records.n_tokens IS 'Length in tokens of the model.';
COMMENT ON COLUMN v_records.model IS 'The model that read it.';
COMMENT ON COLUMN v_records.model_revision IS 'The exact weights.';
COMMENT ON COLUMN v_records.analyzed_at IS 'When it was analysed.';

CREATE OR REPLACE VIEW v_sentiment_hourly AS
SELECT
    source.name AS source,
    date_trunc('hour', rollup.bucket_at, 'UTC') AS hour_at,
    SUM(rollup.n) AS n_records,
    SUM(rollup.n_negative) AS n_negative,
    SUM(rollup.n_neutral) AS n_neutral,
    SUM(rollup.n_positive) AS n_positive,
    CAST(SUM(rollup.n_negative) AS double precision) / SUM(rollup.n) AS negative_share
FROM rollup
JOIN source ON source.id = rollup.source_id
WHERE rollup.dimension = 'source'
GROUP BY source.name, hour_at;

COMMENT ON VIEW v_sentiment_hourly IS 'Analysed records by source and hour of event time, and how many were negative, neutral and positive.';
COMMENT ON COLUMN v_sentiment_hourly.negative_share IS 'n_negative over n_records, 0 to 1.';
COMMENT ON COLUMN v_sentiment_hourly.source IS 'The source''s name.';
COMMENT ON COLUMN v_sentiment_hourly.hour_at IS 'Start of the hour, UTC.';
COMMENT ON COLUMN v_sentiment_hourly.n_records IS 'How many records.';
COMMENT ON COLUMN v_sentiment_hourly.n_negative IS 'How many of them were negative.';
COMMENT ON COLUMN v_sentiment_hourly.n_neutral IS 'How many of them were neutral.';
COMMENT ON COLUMN v_sentiment_hourly.n_positive IS 'How many of them were positive.';

CREATE OR REPLACE VIEW v_topic_daily AS
SELECT
    source.name AS source,
    date_trunc('day', rollup.bucket_at, 'UTC') AS day_at,
    rollup.key AS topic,
    SUM(rollup.n) AS n_records,
    SUM(rollup.n_negative) AS n_negative,
    SUM(rollup.n_neutral) AS n_neutral,
    SUM(rollup.n_positive) AS n_positive,
    CAST(SUM(rollup.n_negative) AS double precision) / SUM(rollup.n) AS negative_share
FROM rollup
JOIN source ON source.id = rollup.source_id
WHERE rollup.dimension = 'topic'
GROUP BY source.name, day_at, rollup.key;

COMMENT ON VIEW v_topic_daily IS 'Analysed records by source, day of event time and topic; a record without a likely topic is not counted here.';
COMMENT ON COLUMN v_topic_daily.source IS 'The source''s name.';
COMMENT ON COLUMN v_topic_daily.day_at IS 'Start of the day, UTC.';
COMMENT ON COLUMN v_topic_daily.topic IS 'The topic''s name in its taxonomy.';
COMMENT ON COLUMN v_topic_daily.n_records IS 'How many records.';
COMMENT ON COLUMN v_topic_daily.n_negative IS 'How many of them were negative.';
COMMENT ON COLUMN v_topic_daily.n_neutral IS 'How many of them were neutral.';
COMMENT ON COLUMN v_topic_daily.n_positive IS 'How many of them were positive.';
COMMENT ON COLUMN v_topic_daily.negative_share IS 'n_negative over n_records, 0 to 1.';

CREATE OR REPLACE VIEW v_entity_mentions AS
SELECT
    source.name AS source,
    date_trunc('day', rollup.bucket_at, 'UTC') AS day_at,
    split_part(rollup.key, ':', 1) AS entity_group,
    substr(rollup.key, strpos(rollup.key, ':') + 1) AS entity,
    SUM(rollup.n) AS n_records,
    SUM(rollup.n_negative) AS n_negative,
    SUM(rollup.n_neutral) AS n_neutral,
    SUM(rollup.n_positive) AS n_positive,
    CAST(SUM(rollup.n_negative) AS double precision) / SUM(rollup.n) AS negative_share,
    SUM(rollup.n_negative_towards) AS n_negative_towards,
    SUM(rollup.n_neutral_towards) AS n_neutral_towards,
    SUM(rollup.n_positive_towards) AS n_positive_towards
FROM rollup
JOIN source ON source.id = rollup.source_id
WHERE rollup.dimension = 'entity'
GROUP BY source.name, day_at, rollup.key;

COMMENT ON VIEW v_entity_mentions IS 'Records that mention a person, organisation, place or ticker, by source and day of event time; a record counts once an entity.';
COMMENT ON COLUMN v_entity_mentions.entity_group IS 'PER, ORG, LOC or TICKER; sensitive groups are never counted.';
COMMENT ON COLUMN v_entity_mentions.entity IS 'The normal form that mentions of one thing share.';
COMMENT ON COLUMN v_entity_mentions.source IS 'The source''s name.';
COMMENT ON COLUMN v_entity_mentions.day_at IS 'Start of the day, UTC.';
COMMENT ON COLUMN v_entity_mentions.n_records IS 'How many records.';
COMMENT ON COLUMN v_entity_mentions.n_negative IS 'How many of them were negative.';
COMMENT ON COLUMN v_entity_mentions.n_neutral IS 'How many of them were neutral.';
COMMENT ON COLUMN v_entity_mentions.n_positive IS 'How many of them were positive.';
COMMENT ON COLUMN v_entity_mentions.negative_share IS 'n_negative over n_records, 0 to 1.';
COMMENT ON COLUMN v_entity_mentions.n_negative_towards IS 'How many of them speak ill of it, whatever their own sentiment; models without that head leave all three at 0.';
COMMENT ON COLUMN v_entity_mentions.n_neutral_towards IS 'How many of them speak of it neither well nor ill.';
COMMENT ON COLUMN v_entity_mentions.n_positive_towards IS 'How many of them speak well of it.';

CREATE OR REPLACE VIEW v_jobs AS
SELECT
    job.id AS job_id,
    job.lane,
    job.submitted_by,
    CASE
        WHEN job.finished_at IS NOT NULL AND job.n_failed + job.n_rejected > 0 THEN 'partial'
        WHEN job.finished_at IS NOT NULL THEN 'done'
        WHEN job.closed_at IS NOT NULL THEN 'running'
        ELSE 'open'
    END AS state,
    job.n_total,
    job.n_done,
    job.n_failed,
    job.n_duplicate,
    job.n_rejected,
    job.created_at,
    job.closed_at,
    job.finished_at
FROM job;

COMMENT ON VIEW v_jobs IS 'What callers submitted and how far it is.';
COMMENT ON COLUMN v_jobs.state IS 'open: records may still be added; running; done; partial: finished, but some lines were refused or some records quarantined.';
COMMENT ON COLUMN v_jobs.job_id IS 'What the sender was given.';
COMMENT ON COLUMN v_jobs.lane IS 'live or backfill.';
COMMENT ON COLUMN v_jobs.submitted_by IS 'Who sent it: cli:NAME, key:NAME, inbox, source:NAME.';
COMMENT ON COLUMN v_jobs.n_total IS 'Records accepted for analysis.';
COMMENT ON COLUMN v_jobs.n_done IS 'Records analysed.';
COMMENT ON COLUMN v_jobs.n_failed IS 'Records that analysis put into quarantine.';
COMMENT ON COLUMN v_jobs.n_duplicate IS 'Records that were sent before, unchanged.';
COMMENT ON COLUMN v_jobs.n_rejected IS 'Lines that intake refused; they are in quarantine.';
COMMENT ON COLUMN v_jobs.created_at IS 'When it was opened.';
COMMENT ON COLUMN v_jobs.closed_at IS 'When its last record had come in.';
COMMENT ON COLUMN v_jobs.finished_at IS 'When its last record was done or failed.';

CREATE OR REPLACE VIEW v_incidents AS
SELECT
    incident.id AS incident_id,
    source.name AS source,
    incident.rule,
    incident.dimension,
    incident.key,
    incident.metric,
    incident.state,
    incident.opened_at,
    incident.peak_at,
    incident.last_judged_at,
    incident.resolved_at,
    incident.observed,
    incident.expected,
    incident.p_value,
    incident.n AS n_records,
    incident.n_negative,
    incident.why,
    incident.evidence,
    incident.severity,
    incident.resolution,
    incident.closed_by,
    incident.told_at,
    incident.silenced_at,
    incident.n_reminders,
    incident.n_reopened,
    (SELECT COUNT(*) FROM incident_part WHERE incident_part.incident_id = incident.id AND incident_part.withdrawn_at IS NULL) AS n_parts
FROM incident
JOIN source ON source.id = incident.source_id;

COMMENT ON VIEW v_incidents IS
    'Turns that people are told of as one thing, with the series and figures of the least likely part. Times are event times.';
COMMENT ON COLUMN v_incidents.key IS 'The topic, or the entity as GROUP:normal form; empty for a whole source.';
COMMENT ON COLUMN v_incidents.observed IS 'In the unit of the metric: a share of negatives, or a count of them.';
COMMENT ON COLUMN v_incidents.p_value IS 'How likely the baseline makes a window at least as negative, before correction for the number of series.';
COMMENT ON COLUMN v_incidents.incident_id IS 'Unique.';
COMMENT ON COLUMN v_incidents.source IS 'The source''s name.';
COMMENT ON COLUMN v_incidents.rule IS 'The alert rule that opened it.';
COMMENT ON COLUMN v_incidents.dimension IS 'source, topic or entity.';
COMMENT ON COLUMN v_incidents.metric IS 'share, negatives, volume or silence.';
COMMENT ON COLUMN v_incidents.state IS 'firing, acknowledged or resolved.';
COMMENT ON COLUMN v_incidents.opened_at IS 'End of the window that opened it.';
COMMENT ON COLUMN v_incidents.peak_at IS 'End of the least likely window.';
COMMENT ON COLUMN v_incidents.last_judged_at IS 'Up to where it was judged.';
COMMENT ON COLUMN v_incidents.resolved_at IS 'End of the window that resolved it; null while it lasts.';
COMMENT ON COLUMN v_incidents.expected IS 'What the baseline made likely, in the same unit.';
COMMENT ON COLUMN v_incidents.n_records IS 'Records in the window at the peak.';
COMMENT ON COLUMN v_incidents.n_negative IS 'Negative ones among them.';
COMMENT ON COLUMN v_incidents.why IS 'One sentence.';
COMMENT ON COLUMN v_incidents.evidence IS 'Figures, drivers and example texts, masked.';
COMMENT ON COLUMN v_incidents.severity IS 'warning or critical; it never falls while an incident lasts.';
COMMENT ON COLUMN v_incidents.resolution IS 'Why it ended, in words; null while it lasts.';
COMMENT ON COLUMN v_incidents.closed_by IS 'Who ended it by hand; null: its parts did.';
COMMENT ON COLUMN v_incidents.told_at IS 'When notifiers were last told of it, by the wall clock; null: they were not, since it (last) opened.';
COMMENT ON COLUMN v_incidents.silenced_at IS 'Since when a silence keeps it back (or kept it back to its end), by the wall clock; null: none does.';
COMMENT ON COLUMN v_incidents.n_reminders IS 'How often it was brought to mind again.';
COMMENT ON COLUMN v_incidents.n_reopened IS 'How often it came back soon after it had resolved.';
COMMENT ON COLUMN v_incidents.n_parts IS 'Series and rules under which it was found.';

CREATE OR REPLACE VIEW v_incident_parts AS
SELECT
    incident_part.id AS part_id,
    incident_part.incident_id,
    source.name AS source,
    incident_part.rule,
    incident_part.rule_hash,
    incident_part.dimension,
    incident_part.key,
    incident_part.metric,
    incident_part.opened_at,
    incident_part.window_from,
    incident_part.peak_at,
    incident_part.last_judged_at,
    incident_part.resolved_at,
    incident_part.observed,
    incident_part.expected,
    incident_part.p_value,
    incident_part.n AS n_records,
    incident_part.n_negative,
    incident_part.late_before IS NOT NULL AS is_late,
    incident_part.withdrawn_at
FROM incident_part
JOIN source ON source.id = incident_part.source_id;

COMMENT ON VIEW v_incident_parts IS 'What incidents are made of: one row a series, rule and turn, with its figures at the peak. Times are event times.';
COMMENT ON COLUMN v_incident_parts.part_id IS 'Unique.';
COMMENT ON COLUMN v_incident_parts.incident_id IS 'The incident it belongs to.';
COMMENT ON COLUMN v_incident_parts.source IS 'The source''s name.';
COMMENT ON COLUMN v_incident_parts.rule IS 'The alert rule that found it.';
COMMENT ON COLUMN v_incident_parts.rule_hash IS 'The exact settings of that rule.';
COMMENT ON COLUMN v_incident_parts.dimension IS 'source, topic or entity.';
COMMENT ON COLUMN v_incident_parts.key IS 'The topic, or the entity as GROUP:normal form; empty for a whole source.';
COMMENT ON COLUMN v_incident_parts.metric IS 'share, negatives, volume or silence.';
COMMENT ON COLUMN v_incident_parts.opened_at IS 'End of the window that opened it.';
COMMENT ON COLUMN v_incident_parts.window_from IS 'Start of the least likely window.';
COMMENT ON COLUMN v_incident_parts.peak_at IS 'End of the least likely window.';
COMMENT ON COLUMN v_incident_parts.last_judged_at IS 'Up to where it was judged.';
COMMENT ON COLUMN v_incident_parts.resolved_at IS 'End of the window from which it was calm; null while it lasts.';
COMMENT ON COLUMN v_incident_parts.observed IS 'In the unit of the metric: a share of negatives, or a count in the window.';
COMMENT ON COLUMN v_incident_parts.expected IS 'What the baseline made likely, in the same unit.';
COMMENT ON COLUMN v_incident_parts.p_value IS 'How likely the baseline makes such a window, before correction for the number of series.';
COMMENT ON COLUMN v_incident_parts.n_records IS 'Records in the window at the peak.';
COMMENT ON COLUMN v_incident_parts.n_negative IS 'Negative ones among them.';
COMMENT ON COLUMN v_incident_parts.is_late IS 'Whether it was found only after its time, when late records came.';
COMMENT ON COLUMN v_incident_parts.withdrawn_at IS 'When late records took it back, by the wall clock; null: they did not.';

CREATE OR REPLACE VIEW v_quarantine AS
SELECT
    quarantine.id AS quarantine_id,
    COALESCE(quarantine.source, source.name) AS source,
    quarantine.record_id,
    quarantine.job_id,
    quarantine.line,
    quarantine.external_id,
    quarantine.reason,
    quarantine.detail,
    quarantine.attempts,
    quarantine.quarantined_at,
    quarantine.released_at
FROM quarantine
LEFT JOIN record ON record.id = quarantine.record_id
LEFT JOIN source ON source.id = record.source_id;

COMMENT ON VIEW v_quarantine IS 'What could not be read or analysed, and why; the text itself stays in the tables.';
COMMENT ON COLUMN v_quarantine.quarantine_id IS 'Unique; `bellwether quarantine release` takes it.';
COMMENT ON COLUMN v_quarantine.source IS 'The source''s name.';
COMMENT ON COLUMN v_quarantine.record_id IS 'The stored record; null where intake refused the line.';
COMMENT ON COLUMN v_quarantine.job_id IS 'The job it came with.';
COMMENT ON COLUMN v_quarantine.line IS 'Line of the file or request, from 1; null for stored records.';
COMMENT ON COLUMN v_quarantine.external_id IS 'The producer''s own name for it, where it could be read.';
COMMENT ON COLUMN v_quarantine.reason IS 'A stable code.';
COMMENT ON COLUMN v_quarantine.detail IS 'What is wrong, in words.';
COMMENT ON COLUMN v_quarantine.attempts IS 'How often it was tried.';
COMMENT ON COLUMN v_quarantine.quarantined_at IS 'When it was put there.';
COMMENT ON COLUMN v_quarantine.released_at IS 'When it was released to be analysed again; null while it stays.';
