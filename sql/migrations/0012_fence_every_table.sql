-- Every table and view of the lake is fenced, also one that nobody named here, and against CREATE,
-- DROP and RENAME as against a commit. A row of fenced_tables names another lease than the usual
-- one: for one table, for a namespace (`*` as the table), or, as `*`.`*`, the usual lease itself.
DELETE FROM adlake.fenced_tables
WHERE lease_name = 'attribution';

INSERT INTO adlake.fenced_tables (table_namespace, table_name, lease_name)
VALUES ('*', '*', 'attribution');

CREATE FUNCTION adlake.lease_of(given_namespace TEXT, given_table TEXT) RETURNS TEXT
LANGUAGE sql STABLE AS $$
    SELECT f.lease_name
    FROM adlake.fenced_tables AS f
    WHERE f.table_namespace IN (given_namespace, '*') AND f.table_name IN (given_table, '*')
    ORDER BY f.table_namespace = '*', f.table_name = '*'
    LIMIT 1
$$;

-- Why this session may not write what stands under a lease; NULL: it may. A writer states the lease
-- it holds and its epoch in its connection (adlake.lease_name, adlake.lease_epoch). Drivers of
-- earlier versions state the epoch alone. The row lock lasts until the commit is done: nobody takes
-- the lease over in between.
CREATE FUNCTION adlake.refusal(wanted_lease TEXT, what TEXT) RETURNS TEXT
LANGUAGE plpgsql AS $$
DECLARE
    lease adlake.leases%ROWTYPE;
    stated_lease TEXT := nullif(current_setting('adlake.lease_name', TRUE), '');
    stated_epoch BIGINT := nullif(current_setting('adlake.lease_epoch', TRUE), '')::BIGINT;
BEGIN
    SELECT l.* INTO lease FROM adlake.leases AS l WHERE l.lease_name = wanted_lease FOR SHARE;
    IF stated_epoch IS NULL THEN
        IF NOT lease.is_released
            AND lease.renewed_at + make_interval(secs => lease.ttl_seconds) > clock_timestamp() THEN
            RETURN format(
                'fenced: %s is written by %s, which holds lease %s (epoch %s): stop it first',
                what, lease.holder, lease.lease_name, lease.epoch
            );
        END IF;
    ELSIF stated_lease <> wanted_lease THEN
        RETURN format(
            'fenced: %s is written under lease %s, this writer holds lease %s',
            what, wanted_lease, stated_lease
        );
    ELSIF lease.epoch IS DISTINCT FROM stated_epoch THEN
        RETURN format(
            'fenced: lease %s is at epoch %s (held by %s), this writer has epoch %s',
            wanted_lease, lease.epoch, lease.holder, stated_epoch
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION adlake.refuse_stale_writer() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    has_stated_epoch BOOLEAN := coalesce(current_setting('adlake.lease_epoch', TRUE), '') <> '';
    why TEXT;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        why := adlake.refusal(
            adlake.lease_of(OLD.table_namespace, OLD.table_name),
            OLD.table_namespace || '.' || OLD.table_name
        );
        -- The holder of the usual lease puts away what is done with: the replay that it published.
        IF TG_OP = 'DELETE' AND why IS NOT NULL AND has_stated_epoch
            AND adlake.refusal(adlake.lease_of('*', '*'), '') IS NULL THEN
            RETURN OLD;
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' AND why IS NULL THEN
        why := adlake.refusal(
            adlake.lease_of(NEW.table_namespace, NEW.table_name),
            NEW.table_namespace || '.' || NEW.table_name
        );
    END IF;
    IF why IS NOT NULL THEN
        RAISE EXCEPTION '%', why USING ERRCODE = 'AL002';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

DROP TRIGGER refuse_stale_writer ON public.iceberg_tables;
CREATE TRIGGER refuse_stale_writer BEFORE INSERT OR UPDATE OR DELETE ON public.iceberg_tables
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_stale_writer();

CREATE FUNCTION adlake.refuse_stale_namespace() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    changed TEXT;
    why TEXT;
BEGIN
    IF TG_OP = 'INSERT' THEN
        changed := NEW.namespace;
    ELSE
        changed := OLD.namespace;
    END IF;
    why := adlake.refusal(adlake.lease_of(changed, '*'), 'namespace ' || changed);
    IF why IS NOT NULL THEN
        RAISE EXCEPTION '%', why USING ERRCODE = 'AL002';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_stale_namespace
BEFORE INSERT OR UPDATE OR DELETE ON public.iceberg_namespace_properties
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_stale_namespace();

-- As before, by the lease that the table stands under now.
CREATE OR REPLACE FUNCTION adlake.refuse_drop() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM adlake.table_heads AS h
        WHERE h.table_namespace = OLD.table_namespace AND h.table_name = OLD.table_name
    ) AND (
        coalesce(current_setting('adlake.lease_epoch', TRUE), '') = ''
        OR adlake.refusal(adlake.lease_of(OLD.table_namespace, OLD.table_name), '') IS NOT NULL
    ) THEN
        RAISE EXCEPTION '%.% holds what cannot be had again: it is not dropped or renamed',
            OLD.table_namespace, OLD.table_name
        USING ERRCODE = 'AL001';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
