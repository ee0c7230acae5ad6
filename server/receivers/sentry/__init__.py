"""Sentry envelopes: their error events are errors, the rest is acknowledged."""

from .receiver import SentryReceiver as SentryReceiver
