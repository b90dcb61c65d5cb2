-- chosen_rows: the row is of the campaign, country and platform asked for; NULL: of any, and of none.
-- parameters: campaign_id, geo_country, platform.
(
    (CAST(:campaign_id AS varchar) IS NULL OR campaign_id = CAST(:campaign_id AS varchar))
    AND (CAST(:geo_country AS varchar) IS NULL OR geo_country = CAST(:geo_country AS varchar))
    AND (CAST(:platform AS varchar) IS NULL OR platform = CAST(:platform AS varchar))
)
