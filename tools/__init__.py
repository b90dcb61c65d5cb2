"""What makes the environment, the lock files and the generated pages: no product code."""
