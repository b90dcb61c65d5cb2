-- Whether this connection is now the only one that tells a channel; it is until it says so (unlock.sql) or ends.
SELECT pg_try_advisory_lock(:lock_class, hashtext(:channel)) AS is_alone
