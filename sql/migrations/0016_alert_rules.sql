-- Rules of KPI alerts, in every version: what dims.alert_rules is copied from. A row is never changed but for its end,
-- by the version that follows it. Times are epoch milliseconds; 253402214400000 is 9999-12-31: nothing has ended it.
CREATE TABLE adlake.alert_rules (
    rule_id TEXT NOT NULL CHECK (rule_id <> ''),
    rule_version INTEGER NOT NULL CHECK (rule_version > 0),
    rule TEXT NOT NULL CHECK (rule IN ('A', 'B', 'C', 'D', 'E')),
    metric TEXT NOT NULL,
    campaign_id TEXT,
    segment TEXT NOT NULL CHECK (segment IN ('all', 'channel', 'region')),
    threshold DOUBLE PRECISION,
    z DOUBLE PRECISION,
    resolve_factor DOUBLE PRECISION,
    multiplicity TEXT NOT NULL CHECK (multiplicity IN ('none', 'bonferroni')),
    channels TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    valid_from_ms BIGINT NOT NULL,
    valid_to_ms BIGINT NOT NULL CHECK (valid_to_ms > valid_from_ms),
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (rule_id, rule_version)
);

INSERT INTO adlake.alert_rules (
    rule_id, rule_version, rule, metric, segment, threshold, z, resolve_factor, multiplicity, channels, enabled,
    valid_from_ms, valid_to_ms
)
VALUES
('A-ctr', 1, 'A', 'ctr', 'all', 0.015, 2.326, 1.1, 'none', '', TRUE, 0, 253402214400000),
('A-cvr', 1, 'A', 'cvr', 'all', 0.02, 2.326, 1.1, 'none', '', TRUE, 0, 253402214400000),
('B-ctr', 1, 'B', 'ctr', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('B-cvr', 1, 'B', 'cvr', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('B-click_to_signup', 1, 'B', 'click_to_signup', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
(
    'B-signup_to_activation', 1, 'B', 'signup_to_activation', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0,
    253402214400000
),
('B-share_rate', 1, 'B', 'share_rate', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('B-completion_rate', 1, 'B', 'completion_rate', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('C-impressions', 1, 'C', 'impressions', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('C-clicks', 1, 'C', 'clicks', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('C-conversions', 1, 'C', 'conversions', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('D-impressions', 1, 'D', 'impressions', 'all', NULL, NULL, NULL, 'none', '', TRUE, 0, 253402214400000),
('E-impressions', 1, 'E', 'impressions', 'all', NULL, NULL, 1.1, 'none', '', FALSE, 0, 253402214400000),
('E-conversions', 1, 'E', 'conversions', 'all', NULL, NULL, 1.1, 'none', '', FALSE, 0, 253402214400000);
