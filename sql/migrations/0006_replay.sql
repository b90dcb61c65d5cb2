-- The time machine: dated constants of the law, requests to the holder of the attribution lease,
-- and the fence of the replayed table.

-- Constants by version and date. A version is whole when it is recorded and never changes: Gold's
-- commits name the version they were made with, and the newest stamp on Gold's main branch says
-- which one is in force.
CREATE TABLE adlake.law_versions (
    law_version INT NOT NULL CHECK (law_version > 0),
    -- Time of the conversion, epoch ms, from which the row holds; 0 is the beginning of time.
    valid_from_ms BIGINT NOT NULL CHECK (valid_from_ms >= 0),
    attribution_window_ms BIGINT NOT NULL CHECK (attribution_window_ms >= 0),
    late_tolerance_ms BIGINT NOT NULL CHECK (late_tolerance_ms >= 0),
    future_tolerance_ms BIGINT NOT NULL CHECK (future_tolerance_ms >= 0),
    recorded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    note TEXT NOT NULL,
    PRIMARY KEY (law_version, valid_from_ms)
);

INSERT INTO adlake.law_versions
(law_version, valid_from_ms, attribution_window_ms, late_tolerance_ms, future_tolerance_ms, note)
VALUES (1, 0, 604800000, 3600000, 300000, 'lookback of 7 days');

CREATE FUNCTION adlake.refuse_law_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    -- All rows of a version come in one transaction: a row added later would change the law that
    -- Gold's rows were made with.
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_at := now();
        IF NOT EXISTS (
            SELECT 1 FROM adlake.law_versions AS known
            WHERE known.law_version = NEW.law_version AND known.recorded_at <> NEW.recorded_at
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a recorded law never changes: record a new version';
END
$$;

CREATE TRIGGER refuse_law_change BEFORE INSERT OR UPDATE OR DELETE ON adlake.law_versions
FOR EACH ROW EXECUTE FUNCTION adlake.refuse_law_change();

-- What somebody asks of the one process that may write Gold.
CREATE TABLE adlake.operations (
    operation_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    arguments JSONB NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    state TEXT NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'done', 'failed')),
    finished_at TIMESTAMPTZ,
    result TEXT
);

CREATE INDEX operations_open ON adlake.operations (operation_id) WHERE state = 'requested';

INSERT INTO adlake.fenced_tables (table_namespace, table_name, lease_name) VALUES
('gold', 'ad_performance_replay', 'replay');
