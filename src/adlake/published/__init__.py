"""Rows of Gold for others to read: as records of topics, each sent when it is another one."""
