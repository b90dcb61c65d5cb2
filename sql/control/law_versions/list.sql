-- Every recorded version.
SELECT DISTINCT law_version
FROM adlake.law_versions
ORDER BY law_version
