"""Turns settings into arguments, one file per use; imported where a command needs it."""
