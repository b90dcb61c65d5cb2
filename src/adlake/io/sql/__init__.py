"""One style of SQL files, `:name`, in the form of each of its readers."""
