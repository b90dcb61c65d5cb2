"""The only home of requests to Metabase."""
