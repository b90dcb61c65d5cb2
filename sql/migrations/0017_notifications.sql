-- What was told of each transition of an incident on each channel. It is not derived from the lake: a table that is
-- built again must neither forget nor repeat what people were told.
CREATE TABLE adlake.notifications (
    incident_id TEXT NOT NULL,
    transition TEXT NOT NULL CHECK (transition IN ('opened', 'resolved', 'withdrawn')),
    channel TEXT NOT NULL CHECK (channel IN ('kafka', 'slack', 'webhook', 'email')),
    -- Cutoff of the verdict, by the clock of the events.
    transition_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('SENT', 'FAILED')),
    -- Of a failure: it is not tried again.
    is_final BOOLEAN NOT NULL,
    -- Requests that were made.
    attempts BIGINT NOT NULL CHECK (attempts > 0),
    -- Rounds of requests.
    rounds BIGINT NOT NULL DEFAULT 1 CHECK (rounds > 0),
    response_code INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    sent_at TIMESTAMPTZ,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (incident_id, transition, channel),
    CHECK ((state = 'SENT') = (sent_at IS NOT NULL))
);
CREATE INDEX notifications_by_channel ON adlake.notifications (channel, transition_at);
