-- Events of advertisers, each once: its smallest content by (time, money, canonical JSON), and of that the first
-- delivery. Ids of clicks are unique within their advertiser, others everywhere.
-- Grain: one row per event.
-- Reads a relation `account_contents`.
WITH ranked_contents AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY event_type, IF(event_type = 'AD_CLICK', advertiser_id), counted_id
            ORDER BY ts_ms ASC, micros ASC, content ASC
        ) AS content_position
    FROM account_contents
)

SELECT *
FROM ranked_contents
WHERE content_position = 1
