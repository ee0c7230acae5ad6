"""Proxies in front of the service, started with the configurations of docs/deploy/."""
