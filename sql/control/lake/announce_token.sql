-- Which token the warehouse gets next.
UPDATE adlake.lake
SET next_token = :next_token
