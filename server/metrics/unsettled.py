"""What is accepted and not yet settled."""

from .declare import Declare


class QueueMetrics:
    """How much waits, how much may wait, and for how long."""

    def __init__(self, declare: Declare) -> None:
        self.events = declare.gauge("queue_events", "Accepted events not yet settled.")
        self.capacity_events = declare.gauge(
            "queue_capacity_events", "Most events that may be unsettled."
        )
        self.bytes = declare.gauge("queue_bytes", "Bytes of the events not yet settled.")
        self.capacity_bytes = declare.gauge(
            "queue_capacity_bytes", "Most bytes that may be unsettled."
        )
        self.oldest_age = declare.gauge(
            "queue_oldest_event_age_seconds", "Age of the oldest unsettled event; 0 when empty."
        )
