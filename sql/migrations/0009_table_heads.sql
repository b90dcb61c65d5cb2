-- What is known of the tables that nothing else can give back: recorded by the stream after each
-- batch, compared at its next start. A table that is gone, another one, or emptier than this is a
-- named stop, never a fresh start.
CREATE TABLE adlake.table_heads (
    table_namespace TEXT NOT NULL,
    table_name TEXT NOT NULL,
    table_uuid UUID NOT NULL,
    last_sequence BIGINT NOT NULL,
    head_sequence BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    source_label TEXT NOT NULL,
    next_offsets JSONB NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (table_namespace, table_name)
);

COMMENT ON COLUMN adlake.table_heads.row_count IS 'total-records of the head of main, by its summary';

-- Losses that an operator accepted, and why; kept for ever.
CREATE TABLE adlake.accepted_losses (
    loss_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_namespace TEXT NOT NULL,
    table_name TEXT NOT NULL,
    recorded JSONB NOT NULL,
    finding TEXT NOT NULL,
    reason TEXT NOT NULL,
    accepted_by TEXT NOT NULL,
    accepted_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- DROP and RENAME of a table are a DELETE and an UPDATE of its row: nobody may do that to a recorded
-- table but the holder of its lease.
CREATE FUNCTION adlake.refuse_drop() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    lease_epoch BIGINT;
BEGIN
    IF EXISTS (
        SELECT 1 FROM adlake.table_heads AS h
        WHERE h.table_namespace = OLD.table_namespace AND h.table_name = OLD.table_name
    ) THEN
        SELECT l.epoch INTO lease_epoch
        FROM adlake.leases AS l
        INNER JOIN adlake.fenced_tables AS f ON l.lease_name = f.lease_name
        WHERE f.table_namespace = OLD.table_namespace AND f.table_name = OLD.table_name;
        IF lease_epoch IS DISTINCT FROM
            nullif(current_setting('adlake.lease_epoch', TRUE), '')::BIGINT THEN
            RAISE EXCEPTION '%.% holds what cannot be had again: it is not dropped or renamed',
                OLD.table_namespace, OLD.table_name
            USING ERRCODE = 'AL001';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_drop
BEFORE DELETE OR UPDATE OF catalog_name, table_namespace, table_name ON public.iceberg_tables
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_drop();
