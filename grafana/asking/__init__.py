"""Asks a real Prometheus and a real database what dashboards ask, as Grafana would."""
