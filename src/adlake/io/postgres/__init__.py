"""The control database: leases, laws, requests, heads."""
