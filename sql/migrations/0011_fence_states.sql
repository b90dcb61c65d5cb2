-- A refused writer is told by its SQLSTATE, AL002, not by the words of the message.
CREATE OR REPLACE FUNCTION adlake.refuse_stale_writer() RETURNS TRIGGER LANGUAGE plpgsql AS $$
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
                lease.lease_name, lease.epoch, lease.holder, writer_epoch
            USING ERRCODE = 'AL002';
        END IF;
    ELSIF NOT lease.is_released
        AND lease.renewed_at + make_interval(secs => lease.ttl_seconds) > clock_timestamp() THEN
        RAISE EXCEPTION 'fenced: %.% is written by %, which holds lease % (epoch %): stop it first',
            OLD.table_namespace, OLD.table_name, lease.holder, lease.lease_name, lease.epoch
        USING ERRCODE = 'AL002';
    END IF;
    RETURN NEW;
END
$$;
