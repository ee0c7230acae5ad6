"""A body whose head tells its length."""


class Sized:
    """Takes so many bytes, in whatever pieces they come."""

    fault = None

    def __init__(self, length: int) -> None:
        self.left = length

    @property
    def is_done(self) -> bool:
        """Whether all has come."""
        return not self.left

    def take(self, data: bytearray) -> tuple[bytes | bytearray, int]:
        """The bytes of the body at the beginning of `data`, and how many were read."""
        piece = data[: self.left] if len(data) > self.left else data.copy()
        self.left -= len(piece)
        return piece, len(piece)
