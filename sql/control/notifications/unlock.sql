-- Whether this connection told a channel, which another one may do from now on.
SELECT pg_advisory_unlock(:lock_class, hashtext(:channel)) AS was_alone
