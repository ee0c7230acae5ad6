"""Reads dashboards, and puts variables and macros into their queries as Grafana would."""
