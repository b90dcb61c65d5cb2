-- What deliveries changed about advertisers, one after the other, and how long it held.
-- Grain: one row per advertiser_id and change; change_number counts them from 1, in the order of arrival.
-- is_held: FALSE where an advertiser loses the event, because another one's content of it is smaller.
-- until_number: the change from which on it is another one; NULL: it still holds.
-- Reads a relation `account_contents`, once. Parameters: slice_count, slice; of the advertisers of one slice.
WITH arrivals AS (
    SELECT
        *,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', ingest_ts) AS ingest_ms,
        min(ROW(ts_ms, micros, content)) OVER (
            PARTITION BY event_type, IF(event_type = 'AD_CLICK', advertiser_id), counted_id
            ORDER BY ingest_ts ASC, kafka_partition ASC, kafka_offset ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS smallest_before
    FROM account_contents
),

-- A delivery changes something if its content is smaller than all that had come of the event.
decisive AS (
    SELECT
        *,
        lag(advertiser_id) OVER (
            PARTITION BY event_type, IF(event_type = 'AD_CLICK', advertiser_id), counted_id
            ORDER BY ingest_ms ASC, kafka_partition ASC, kafka_offset ASC
        ) AS owner_before
    FROM arrivals
    WHERE coalesce(ROW(ts_ms, micros, content) < smallest_before, TRUE)
),

owned AS (
    SELECT
        decisive.*,
        account.owner
    FROM decisive
    CROSS JOIN UNNEST(
        array_distinct(ARRAY[decisive.advertiser_id, coalesce(decisive.owner_before, decisive.advertiser_id)])
    ) AS account (owner)
),

changes AS (
    SELECT
        *,
        advertiser_id = owner AS is_held,
        row_number() OVER of_owner AS change_number,
        lead(ingest_ms) OVER of_owner AS next_ms
    FROM owned
    WHERE mod(crc32(to_utf8(owner)), :slice_count) = :slice
    WINDOW of_owner AS (PARTITION BY owner ORDER BY ingest_ms ASC, kafka_partition ASC, kafka_offset ASC)
)

SELECT
    owner AS advertiser_id,
    change_number,
    ingest_ms,
    next_ms,
    event_type,
    counted_id,
    is_held,
    ts_ms,
    micros,
    IF(trim(BOTH ' ' FROM advertiser) <> '', advertiser) AS advertiser,
    click_id,
    IF(event_type = 'BUDGET_CHANGE', micros, budget_micros) AS budget_micros,
    IF(event_type = 'BUDGET_CHANGE', period, 'DAILY') AS period,
    status,
    time_zone,
    flight_start_ms,
    flight_end_ms,
    lead(change_number) OVER of_event AS until_number,
    lag(IF(is_held, micros)) OVER of_event AS micros_before,
    lag(IF(is_held, click_id)) OVER of_event AS click_before
FROM changes
WINDOW of_event AS (PARTITION BY owner, event_type, counted_id ORDER BY change_number ASC)
