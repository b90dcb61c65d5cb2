-- comparable_history: stage_history with a date far ahead where a stage has not ended.
-- Trino compares no rows with a NULL in them.
transform(
    stage_history,
    entry -> ROW(
        entry.stage,
        entry.entered_at,
        coalesce(entry.left_at, TIMESTAMP '9999-12-31 00:00:00 UTC'),
        entry.order_count,
        entry.lifetime_value,
        entry.engagement_rate
    )
)
