-- A lake that was never claimed; its warehouse has no file yet.
INSERT INTO adlake.lake (lake_id, home, warehouse_uri, next_token, claimed_by)
VALUES (:lake_id, :home, :warehouse_uri, :next_token, :claimed_by)
