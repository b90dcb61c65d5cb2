"""Streamlit pages over the SQL files of sql/metrics."""
