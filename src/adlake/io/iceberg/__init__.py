"""Tables, snapshots and stamps."""
