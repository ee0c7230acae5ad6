"""The service under traffic, struck down again and again: nothing accepted may be lost."""


class Violation(Exception):
    """A promise that was not kept."""
