"""Metabase as code: files of definitions, made into collections, questions and dashboards."""
