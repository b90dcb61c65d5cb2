-- The stream loads the dimensions too: a driver that was paused between its look and its insert
-- must not load them a second time.
INSERT INTO adlake.fenced_tables (table_namespace, table_name, lease_name) VALUES
('dims', 'dim_campaigns', 'attribution'),
('dims', 'dim_creatives', 'attribution'),
('dims', 'dim_users', 'attribution');
