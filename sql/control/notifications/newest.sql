-- The notifications of a state whose rows were written last, as they stand.
SELECT
    incident_id,
    transition,
    channel,
    transition_at,
    state,
    is_final,
    attempts,
    rounds,
    response_code,
    reason,
    sent_at,
    changed_at
FROM adlake.notifications
WHERE
    state = :state
    AND is_final = :is_final
ORDER BY changed_at DESC, incident_id ASC, transition ASC, channel ASC
LIMIT :most
