-- impressions: the rows of Gold behind a number, newest first.
-- question: Which impressions make up this number?
-- grain: one row per impression_id; impressions says how many there are in all
-- date basis: impression time
-- readers: dashboard (rows), analysts
-- param only all|clicked|converted|late = all: those with a click, an attributed conversion, a late event
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param most integer = 100: the first so many, 10,000 at most
-- relation summed_impressions
-- include time_range: moment = impression_time
-- include chosen_rows
-- `.venv/bin/adlake explain IMPRESSION_ID` says why a row is as it is. Rows beyond the first are counted and not kept,
-- so the answer takes no more memory on a large lake.
-- Sums by hour tell how many there are, and since which hour there are as many as asked for: older rows of Gold are not
-- looked at. Of late ones there are no sums: then all rows of the range are.
WITH hours AS (
    SELECT
        hour_at,
        sum(
            CASE CAST(:only AS varchar)
                WHEN 'clicked' THEN clicked_impressions
                WHEN 'converted' THEN converted_impressions
                ELSE impressions
            END
        ) AS impressions
    FROM summed_impressions
    WHERE :chosen_rows
    GROUP BY hour_at
),

counted_hours AS (
    SELECT
        hour_at,
        impressions,
        sum(impressions) OVER (ORDER BY hour_at DESC) AS impressions_since
    FROM hours
),

horizon AS (
    SELECT
        CASE WHEN CAST(:only AS varchar) <> 'late' THEN sum(impressions) END AS impressions,
        coalesce(
            max(hour_at) FILTER (
                WHERE impressions_since >= least(CAST(:most AS bigint), 10000) AND CAST(:only AS varchar) <> 'late'
            ),
            CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc)
        ) AS from_at
    FROM counted_hours
),

newest AS (
    SELECT
        count(*) AS impressions,
        max_by(
            CAST(
                ROW(
                    impression_id, campaign_id, creative_id, user_id, geo_country, platform, impression_time,
                    click_time, conversion_time, cost, revenue, revenue_out_of_window, late_by_ms
                ) AS ROW(
                    impression_id varchar,
                    campaign_id varchar,
                    creative_id varchar,
                    user_id varchar,
                    geo_country varchar,
                    platform varchar,
                    impression_time timestamp(6) with time zone,
                    click_time timestamp(6) with time zone,
                    conversion_time timestamp(6) with time zone,
                    cost decimal(18, 6),
                    revenue decimal(18, 6),
                    revenue_out_of_window decimal(38, 6),
                    late_by_ms bigint
                )
            ),
            ROW(impression_time, impression_id),
            least(CAST(:most AS bigint), 10000)
        ) AS chosen
    FROM gold.ad_performance_state
    WHERE
        impression_time >= (SELECT horizon.from_at FROM horizon)
        AND :time_range
        AND :chosen_rows
        AND CASE CAST(:only AS varchar)
            WHEN 'clicked' THEN engaged AND is_clicked
            WHEN 'converted' THEN engaged AND is_converted
            WHEN 'late' THEN late_by_ms > 0
            ELSE TRUE
        END
)

SELECT
    listed.impression_id,
    listed.campaign_id,
    listed.creative_id,
    listed.user_id,
    listed.geo_country,
    listed.platform,
    listed.impression_time,
    listed.click_time,
    listed.conversion_time,
    listed.cost,
    listed.revenue,
    listed.revenue_out_of_window,
    listed.late_by_ms,
    coalesce(horizon.impressions, newest.impressions) AS impressions
FROM newest
CROSS JOIN horizon
CROSS JOIN
    UNNEST(newest.chosen) WITH ORDINALITY AS listed (
        impression_id, campaign_id, creative_id, user_id, geo_country, platform, impression_time, click_time,
        conversion_time, cost, revenue, revenue_out_of_window, late_by_ms, place
    )
ORDER BY listed.place
