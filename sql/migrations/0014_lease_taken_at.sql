-- Since when a driver holds its lease: told to whoever starts another one. Unknown for one that was taken before.
ALTER TABLE adlake.leases ADD COLUMN taken_at TIMESTAMPTZ;
