"""What is fetched, checked and unpacked, and what the machine must have."""
