"""What the service says of itself, from memory and the file system, never from a query."""

import time
from typing import Any

from .disk import Disk
from .metrics import Metrics, total
from .pipeline import Pipeline
from .recording.recorder import Recorder
from .recording.unrecorded import Unrecorded
from .times import format_rfc3339
from .version import version
from .writer import Writer


class Health:
    """Reads the parts; changes nothing. `report` may be called from any thread."""

    def __init__(
        self,
        pipeline: Pipeline,
        writer: Writer,
        recorder: Recorder | Unrecorded,
        disk: Disk,
        metrics: Metrics,
    ) -> None:
        self._pipeline, self._writer, self._recorder = pipeline, writer, recorder
        self._disk, self._metrics = disk, metrics
        self._started = time.monotonic()
        self._version = version()
        metrics.process.ready.set_function(lambda: self._pipeline.not_ready() is None)

    def not_ready(self) -> list[str]:
        """Why /readyz says 503; empty when it says 200."""
        reason = self._pipeline.not_ready()
        return [reason] if reason else []

    def report(self) -> dict[str, Any]:
        """The body of /health."""
        reasons = self._reasons()
        stopping = self._pipeline.not_ready() == "stopping"
        last = self._writer.last_commit
        return {
            "status": "stopping" if stopping else "degraded" if reasons else "ok",
            "reasons": reasons,
            "db_status": "failing" if self._writer.is_failing else "ok",
            "db_size_bytes": self._disk.main_bytes(),
            "wal_size_bytes": self._disk.wal_bytes(),
            "queue_depth": self._pipeline.depth(),
            "events_received": total(self._metrics.events.received.values()),
            "events_dropped": total(self._metrics.events.dropped.values()),
            "uptime_seconds": round(time.monotonic() - self._started, 3),
            "last_commit": format_rfc3339(int(last * 1000)) if last else None,
            "version": self._version,
        }

    def _reasons(self) -> list[str]:
        reasons = self.not_ready()
        reasons += filter(None, (self._writer.trouble, self._recorder.trouble))
        if not self._disk.is_writable():
            reasons.append("the database's directory cannot be written to")
        if self._disk.is_low():
            reasons.append("less than 5 % of the disk is free")
        return reasons
