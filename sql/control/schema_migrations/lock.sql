-- Two provisioners never migrate at once.
SELECT pg_advisory_xact_lock(:lock_key)
