-- A loss that somebody accepted, with what had been recorded.
INSERT INTO adlake.accepted_losses (
    table_namespace, table_name, recorded, finding, reason, accepted_by
)
VALUES (:table_namespace, :table_name, :recorded, :finding, :reason, :accepted_by)
