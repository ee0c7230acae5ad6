"""Dashboards, how they are made and read, and what Grafana, Prometheus and Alertmanager need."""
