-- One command at a time gives out the next versions.
LOCK TABLE adlake.alert_rules IN SHARE ROW EXCLUSIVE MODE
