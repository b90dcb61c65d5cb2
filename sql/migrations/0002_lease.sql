-- One writer per sink: a lease with a growing epoch, and a fence inside the catalog itself.
-- A driver states its epoch in its catalog connection (setting adlake.lease_epoch). Iceberg commits
-- a table by updating its row in iceberg_tables, so the trigger below decides, in the same
-- transaction as the commit, whether that driver may still write. A paused driver that wakes after
-- another took over is refused here, whatever it believes.
CREATE SCHEMA IF NOT EXISTS adlake;

CREATE TABLE adlake.leases (
    lease_name TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder TEXT NOT NULL,
    renewed_at TIMESTAMPTZ NOT NULL,
    ttl_seconds DOUBLE PRECISION NOT NULL,
    is_released BOOLEAN NOT NULL
);

CREATE TABLE adlake.fenced_tables (
    table_namespace TEXT NOT NULL,
    table_name TEXT NOT NULL,
    lease_name TEXT NOT NULL,
    PRIMARY KEY (table_namespace, table_name)
);

INSERT INTO adlake.fenced_tables (table_namespace, table_name, lease_name) VALUES
('bronze', 'ad_events', 'attribution'),
('gold', 'ad_performance_state', 'attribution');

CREATE FUNCTION adlake.refuse_stale_writer() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    lease adlake.leases%ROWTYPE;
    writer_epoch TEXT := current_setting('adlake.lease_epoch', TRUE);
BEGIN
    SELECT l.* INTO lease
    FROM adlake.leases AS l
    INNER JOIN adlake.fenced_tables AS f ON l.lease_name = f.lease_name
    WHERE f.table_namespace = OLD.table_namespace AND f.table_name = OLD.table_name
    FOR SHARE OF l;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    IF writer_epoch IS NOT NULL AND writer_epoch <> '' THEN
        IF writer_epoch::BIGINT <> lease.epoch THEN
            RAISE EXCEPTION 'fenced: lease % is at epoch % (held by %), this writer has epoch %',
                lease.lease_name, lease.epoch, lease.holder, writer_epoch;
        END IF;
    ELSIF NOT lease.is_released
        AND lease.renewed_at + make_interval(secs => lease.ttl_seconds) > clock_timestamp() THEN
        RAISE EXCEPTION 'fenced: %.% is written by %, which holds lease % (epoch %): stop it first',
            OLD.table_namespace, OLD.table_name, lease.holder, lease.lease_name, lease.epoch;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_stale_writer BEFORE UPDATE ON public.iceberg_tables
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_stale_writer();
