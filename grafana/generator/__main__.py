"""Writes grafana/dashboards/*.json."""

from ..reading.dashboards import FOLDER
from . import files

for name, text in files.make().items():
    (FOLDER / name).write_text(text, "utf-8")
