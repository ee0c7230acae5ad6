"""Draws the dashboards with matplotlib, from what their own queries answer.

Not Grafana, and no screenshots of it: it follows Grafana's layout, units and colours as far as our
dashboards use them. Annotations and panels in collapsed rows are left out.
"""
