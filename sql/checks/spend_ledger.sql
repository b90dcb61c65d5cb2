-- Offending rows: in gold.spend_ledger but not in the oracle, or the other way round.
-- Reads a relation `billed_clicks`, once. Parameters: table_snapshot, row_limit.
WITH both_sides AS (
    SELECT
        advertiser_id,
        click_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        event_time,
        amount,
        credit_amount,
        overdelivery_amount,
        net_amount,
        spend_hour,
        spend_day,
        spend_month,
        last_updated_ts,
        1 AS copies
    FROM lakehouse.gold.spend_ledger FOR VERSION AS OF :table_snapshot
    UNION ALL
    SELECT
        advertiser_id,
        click_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        event_time,
        amount,
        credit_amount,
        overdelivery_amount,
        net_amount,
        spend_hour,
        spend_day,
        spend_month,
        last_updated_ts,
        -1 AS copies
    FROM billed_clicks
),

differing AS (
    SELECT
        advertiser_id,
        click_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        event_time,
        amount,
        credit_amount,
        overdelivery_amount,
        net_amount,
        spend_hour,
        spend_day,
        spend_month,
        last_updated_ts,
        sum(copies) AS too_many
    FROM both_sides
    GROUP BY
        advertiser_id,
        click_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        event_time,
        amount,
        credit_amount,
        overdelivery_amount,
        net_amount,
        spend_hour,
        spend_day,
        spend_month,
        last_updated_ts
    HAVING sum(copies) <> 0
)

SELECT
    IF(too_many > 0, 'stored, but not what the records give', 'given by the records, but not stored') AS side,
    advertiser_id,
    click_id,
    advertiser,
    ad_id,
    campaign_id,
    impression_id,
    event_time,
    amount,
    credit_amount,
    overdelivery_amount,
    net_amount,
    spend_hour,
    spend_day,
    spend_month,
    last_updated_ts
FROM differing
ORDER BY advertiser_id ASC, click_id ASC, side ASC
LIMIT :row_limit
