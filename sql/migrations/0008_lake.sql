-- A lake belongs to one place: the home folder and the warehouse that this catalog was made for.
-- One row. The token is renewed at each start of the writer and lies in the warehouse too
-- (.adlake-lake.json): a catalog or a warehouse that was restored alone, or a copy that shares the
-- other's warehouse, is seen by it. next_token makes the renewal safe against a kill: it is stored
-- here first, then in the warehouse, then it becomes the token.
CREATE TABLE adlake.lake (
    is_the_one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_the_one),
    lake_id UUID NOT NULL,
    home TEXT NOT NULL,
    warehouse_uri TEXT NOT NULL,
    token UUID,
    next_token UUID,
    claims BIGINT NOT NULL DEFAULT 0,
    claimed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    claimed_by TEXT NOT NULL
);

COMMENT ON COLUMN adlake.lake.token IS 'NULL: the warehouse has not got its file yet';
COMMENT ON COLUMN adlake.lake.claims IS 'how often the token was renewed';

-- Where the lake lay before, for each `adlake lake adopt`.
CREATE TABLE adlake.lake_moves (
    move_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    old_lake_id UUID,
    old_home TEXT NOT NULL,
    old_warehouse_uri TEXT NOT NULL,
    lake_id UUID NOT NULL,
    home TEXT NOT NULL,
    warehouse_uri TEXT NOT NULL,
    moved_by TEXT NOT NULL,
    moved_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
