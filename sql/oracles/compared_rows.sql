-- Gold beside the oracle: every distinct row of either, with how often each side has it.
-- Grain: one row per distinct combination of the 18 columns, channel and region. The two counts of a row are equal
-- exactly when neither side EXCEPT ALL the other contains it.
-- Reads the relations `gold_slice` and `expected_rows`.
WITH both_sides AS (
    SELECT
        gold_slice.*,
        1 AS gold_copies,
        0 AS expected_copies
    FROM gold_slice
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
        0 AS gold_copies,
        1 AS expected_copies
    FROM expected_rows
)

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
    sum(gold_copies) AS gold_copies,
    sum(expected_copies) AS expected_copies
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
    region
