"""A file a command: HELP, `add_arguments(parser)` and `run(arguments) -> exit status`."""


class Failure(Exception):
    """What ends a command early: one line for stderr, and the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
