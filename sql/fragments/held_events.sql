-- held_events: the events that a row of Gold holds, each as (event_id, ts_ms, type_rank, user_id).
-- Of the row's events_state (docs/data-model.md); audit.gold_events gives all their content.
CAST(
    json_parse(events_state) AS ARRAY (ROW (e varchar, t bigint, r integer, u varchar))
)
