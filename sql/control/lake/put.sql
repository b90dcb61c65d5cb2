-- The catalog belongs to another place, under another id.
INSERT INTO adlake.lake (lake_id, home, warehouse_uri, claimed_by)
VALUES (:lake_id, :home, :warehouse_uri, :claimed_by)
ON CONFLICT (is_the_one) DO UPDATE
    SET
        lake_id = excluded.lake_id,
        home = excluded.home,
        warehouse_uri = excluded.warehouse_uri
