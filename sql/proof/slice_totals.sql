-- One slice of Gold against the oracle in one pass: all 18 columns of the law, channel and region, and what
-- a row stores beside them.
-- Grain: one row. Money in integer micros. unequal_rows 0: every row of either side is one of the other, its
-- state letter for letter. Of unequal ones other queries say what it is; it may be the spelling of a state
-- alone, where a text has a control character.
-- Reads the relations `stored_rows` and `expected_rows`. Parameter: law_version.
WITH both_sides AS (
    SELECT
        stored_rows.*,
        1 AS gold_copies,
        0 AS expected_copies,
        0 AS deliveries,
        0 AS inexact_headers,
        0 AS events,
        0 AS conversions,
        CAST(0 AS DECIMAL(38, 0)) AS conversion_micros
    FROM stored_rows
    UNION ALL
    SELECT
        impression_id,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform,
        is_clicked,
        is_converted,
        impression_time,
        click_time,
        conversion_time,
        cost,
        revenue,
        eligible,
        late_by_ms,
        is_late,
        revenue_out_of_window,
        last_updated_ts,
        channel,
        region,
        '[' || array_join(transform(array_sort(event_texts), event -> event[2]), ',') || ']' AS events_state,
        CAST(:law_version AS INTEGER) AS law_version,
        engaged,
        0 AS gold_copies,
        1 AS expected_copies,
        deliveries,
        inexact_headers,
        events,
        conversions,
        conversion_micros
    FROM expected_rows
),

whole_rows AS (
    SELECT
        impression_id,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform,
        is_clicked,
        is_converted,
        impression_time,
        click_time,
        conversion_time,
        cost,
        revenue,
        eligible,
        late_by_ms,
        is_late,
        revenue_out_of_window,
        last_updated_ts,
        channel,
        region,
        events_state,
        law_version,
        engaged,
        sum(gold_copies) AS gold_copies,
        sum(expected_copies) AS expected_copies,
        sum(deliveries) AS deliveries,
        sum(inexact_headers) AS inexact_headers,
        sum(events) AS events,
        sum(conversions) AS conversions,
        sum(conversion_micros) AS conversion_micros
    FROM both_sides
    GROUP BY
        impression_id,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform,
        is_clicked,
        is_converted,
        impression_time,
        click_time,
        conversion_time,
        cost,
        revenue,
        eligible,
        late_by_ms,
        is_late,
        revenue_out_of_window,
        last_updated_ts,
        channel,
        region,
        events_state,
        law_version,
        engaged
)

SELECT
    count_if(gold_copies <> expected_copies) AS unequal_rows,
    coalesce(sum(gold_copies), 0) AS gold_rows,
    coalesce(sum(expected_copies), 0) AS expected_rows,
    coalesce(CAST(sum(revenue * gold_copies) * 1000000 AS DECIMAL(38, 0)), 0) AS revenue_micros,
    coalesce(CAST(sum(revenue_out_of_window * gold_copies) * 1000000 AS DECIMAL(38, 0)), 0)
        AS out_of_window_micros,
    coalesce(sum(gold_copies) FILTER (WHERE impression_time IS NOT NULL), 0) AS impressions,
    coalesce(sum(gold_copies) FILTER (WHERE is_clicked), 0) AS clicked,
    coalesce(sum(gold_copies) FILTER (WHERE is_converted), 0) AS converted,
    coalesce(sum(deliveries), 0) AS deliveries,
    coalesce(sum(inexact_headers), 0) AS inexact_headers,
    coalesce(sum(events), 0) AS events,
    coalesce(sum(conversions), 0) AS conversions,
    coalesce(sum(conversion_micros), 0) AS conversion_micros
FROM whole_rows
