-- alert_rules: the rules of KPI alerts, also the versions that are no longer in force.
-- question: What makes an alert, for which campaigns, and who is told?
-- grain: one row per rule_id and rule_version
-- date basis: none (is_in_force: now)
-- readers: dashboard (Alerts), API, Metabase
-- param campaign_id varchar = NULL: rules that hold for one campaign, its own and those of all; NULL: every rule
-- param metric varchar = NULL: one metric of the rules, such as ctr; NULL: all
-- param most integer = 100: at most so many rows
-- A rule of its own wins over that of all campaigns, also when it is not enabled: so a campaign is left alone.
-- campaign_id NULL: every campaign. channels empty: everybody who is configured. threshold NULL: the rule has none.
WITH ranked AS (
    SELECT
        *,
        current_timestamp >= valid_from AND current_timestamp < valid_to AS is_in_force,
        row_number() OVER (
            ORDER BY rule ASC, metric ASC, campaign_id ASC NULLS FIRST, segment ASC, rule_version DESC, rule_id ASC
        ) AS place
    FROM dims.alert_rules
    WHERE
        (
            CAST(:campaign_id AS varchar) IS NULL
            OR campaign_id IS NULL
            OR campaign_id = CAST(:campaign_id AS varchar)
        )
        AND metric = coalesce(CAST(:metric AS varchar), metric)
)

SELECT
    rule_id,
    rule,
    metric,
    campaign_id,
    segment,
    threshold,
    z,
    resolve_factor,
    multiplicity,
    channels,
    enabled,
    rule_version,
    valid_from,
    valid_to,
    is_in_force
FROM ranked
WHERE place <= :most
ORDER BY place
