"""What a payload is made of. Nothing is known of the values: each is looked at where it is read."""

from collections.abc import Mapping
from typing import Any

Event = Mapping[str, Any]
"""The payload of an item of the type event."""

Raised = Mapping[str, Any]
"""One of its exceptions."""
