-- Where the lake lay before.
INSERT INTO adlake.lake_moves (
    old_lake_id, old_home, old_warehouse_uri, lake_id, home, warehouse_uri, moved_by
)
SELECT
    :old_lake_id,
    :old_home,
    :old_warehouse_uri,
    lake_id,
    home,
    warehouse_uri,
    :moved_by
FROM adlake.lake
