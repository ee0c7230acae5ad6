"""A real Prometheus, a real Alertmanager and a webhook on loopback, and what they are shown."""
