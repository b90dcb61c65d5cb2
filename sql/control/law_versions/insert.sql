-- One dated row of a version.
INSERT INTO adlake.law_versions (
    law_version, valid_from_ms, attribution_window_ms, late_tolerance_ms, future_tolerance_ms, note
)
VALUES (
    :law_version, :valid_from_ms, :attribution_window_ms, :late_tolerance_ms, :future_tolerance_ms, :note
)
