-- models_built: the snapshot of Gold that the tables of the attribution models were made of.
-- question: How old is what the attribution models say?
-- grain: one row; none before the first `.venv/bin/adlake models build`
-- date basis: none: the newest build
-- readers: analysts, notebooks
WITH builds AS (
    SELECT
        snapshots.committed_at AS built_at,
        CAST(element_at(snapshots.summary, 'adlake.source-snapshot') AS bigint) AS gold_snapshot_id,
        CAST(element_at(snapshots.summary, 'adlake.half-life-ms') AS bigint) AS half_life_ms,
        CAST(coalesce(element_at(snapshots.summary, 'adlake.law-version'), '1') AS integer) AS law_version,
        row_number() OVER (ORDER BY history.made_current_at DESC, snapshots.committed_at DESC) AS place
    FROM gold."attribution_credits$history" AS history
    INNER JOIN gold."attribution_credits$snapshots" AS snapshots ON history.snapshot_id = snapshots.snapshot_id
    WHERE history.is_current_ancestor AND element_at(snapshots.summary, 'adlake.source-snapshot') IS NOT NULL
)

SELECT
    built_at,
    date_diff('second', built_at, current_timestamp) AS age_seconds,
    gold_snapshot_id,
    law_version,
    CAST(half_life_ms AS decimal(38, 9)) / 86400000 AS half_life_days
FROM builds
WHERE place = 1
