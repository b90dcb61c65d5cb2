"""Questions in SQL files, one file each."""
