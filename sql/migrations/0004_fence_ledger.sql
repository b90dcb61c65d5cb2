-- The stream copies its stamps into the completeness ledger: a driver that was paused in between must
-- not copy them a second time.
INSERT INTO adlake.fenced_tables (table_namespace, table_name, lease_name) VALUES
('audit', 'completeness_ledger', 'attribution');
