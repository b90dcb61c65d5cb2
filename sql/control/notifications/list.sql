-- What one channel was told of the transitions since a moment.
SELECT
    incident_id,
    transition,
    state,
    is_final,
    attempts,
    rounds,
    response_code,
    reason,
    sent_at
FROM adlake.notifications
WHERE
    channel = :channel
    AND transition_at >= :since
ORDER BY transition_at, incident_id, transition
