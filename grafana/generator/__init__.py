"""Makes the dashboards' files: `python -m grafana.generator` from the repository's root."""
