"""The process itself: what runs, whether it is ready, how late its loop is."""

import platform
import sqlite3

from prometheus_client import GCCollector, ProcessCollector

from .declare import SHORT_WORK, Declare


class ProcessMetrics:
    """Ours, and the library's own of the process and the garbage collector."""

    def __init__(self, declare: Declare) -> None:
        self._build_info = declare.gauge(
            "build_info",
            "Always 1; the labels say what is running.",
            ("version", "revision", "python_version", "sqlite_version"),
        )
        self.ready = declare.gauge("ready", "1 when /readyz answers 200, else 0.")
        self.loop_lag = declare.histogram(
            "event_loop_lag_seconds",
            "How late a timer of the event loop fires, looked at every 0.5 s.",
            SHORT_WORK,
        )
        ProcessCollector(registry=declare.registry)
        GCCollector(registry=declare.registry)

    def set_build(self, version: str, revision: str) -> None:
        """Say what is running: call once, at start."""
        labels = (version, revision, platform.python_version(), sqlite3.sqlite_version)
        self._build_info.labels(*labels).set(1)
