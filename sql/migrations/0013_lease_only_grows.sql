-- A lease is never taken back: with an older epoch a driver that was replaced would be the newest
-- writer again.
CREATE FUNCTION adlake.refuse_older_epoch() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.lease_name = OLD.lease_name AND NEW.epoch >= OLD.epoch THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the epoch of lease % only grows, and the lease is never removed',
        OLD.lease_name
    USING ERRCODE = 'AL003';
END
$$;

CREATE TRIGGER refuse_older_epoch BEFORE UPDATE OR DELETE ON adlake.leases
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_older_epoch();
