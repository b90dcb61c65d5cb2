-- newest_event_age: now minus the time of the newest event that Gold shows: now() - max(event_timestamp).
-- question: How old is the newest event in Gold?
-- grain: one row
-- date basis: event time
-- readers: analysts, operations (beside freshness, never alone)
-- param minutes integer = 60: rows whose newest event arrived in the last so many minutes; NULL when there is none
-- Caveat: this is the age of one event. A single event stamped ahead (the law admits 5 minutes) makes it small
-- or negative and hides a stall; of quiet traffic it grows though nothing is late; of a thousand late events
-- and one on time it shows the one. freshness and freshness_of_events go by commit times instead.
-- Gold shows the impression, the credited click and the attributed conversion of a row.
WITH newest AS (
    SELECT
        max(impression_time) AS impression_time,
        max(click_time) AS click_time,
        max(conversion_time) AS conversion_time
    FROM gold.ad_performance_state
    WHERE last_updated_ts >= date_add('minute', -CAST(:minutes AS integer), current_timestamp)
),

newest_event AS (
    SELECT max(times.event_time) AS newest_event_at
    FROM newest
    CROSS JOIN
        UNNEST(ARRAY[newest.impression_time, newest.click_time, newest.conversion_time])
            AS times (event_time)
)

SELECT
    newest_event_at,
    CAST(date_diff('millisecond', newest_event_at, current_timestamp) AS decimal(18, 3)) / 1000
        AS newest_event_age_seconds
FROM newest_event
