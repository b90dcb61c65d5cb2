-- One process at a time gives out the next version.
LOCK TABLE adlake.law_versions IN SHARE ROW EXCLUSIVE MODE
