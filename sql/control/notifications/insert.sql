-- What became of a round of requests; of what was sent nothing changes any more.
INSERT INTO adlake.notifications AS known (
    incident_id, transition, channel, transition_at, state, is_final, attempts, response_code, reason, sent_at
)
VALUES (
    :incident_id, :transition, :channel, :transition_at, :state, :is_final, :attempts, :response_code, :reason,
    CASE WHEN :state = 'SENT' THEN clock_timestamp() END
)
ON CONFLICT (incident_id, transition, channel) DO UPDATE SET
    state = excluded.state,
    is_final = excluded.is_final,
    attempts = known.attempts + excluded.attempts,
    rounds = known.rounds + 1,
    response_code = excluded.response_code,
    reason = excluded.reason,
    sent_at = excluded.sent_at,
    changed_at = clock_timestamp()
WHERE known.state <> 'SENT'
