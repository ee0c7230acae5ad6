"""What has come on a connection and is not taken yet: heads, and the bodies behind them."""

from ..refusal import Refusal
from ..wire.refusals import long_head, malformed
from .chunks import Chunks
from .head import Head, is_hopeless, read
from .sized import Sized

MAX_SKIPPED_BYTES = 2**20
"""Largest rest of a body that is skipped after its answer, so that others may follow."""

_END = b"\r\n\r\n"


class Incoming:
    """Bytes in; one request at a time out, first its head, then its body piece by piece."""

    def __init__(self, max_header_bytes: int, max_body_bytes: int) -> None:
        self._max_header_bytes, self._max_body_bytes = max_header_bytes, max_body_bytes
        self._data = bytearray()
        self._looked = 0
        """Bytes in which there is no end of a head."""
        self.head: Head | None = None
        """Of the last request."""
        self.body: Sized | Chunks | None = None
        """What is to be read of that request still; None where the next byte begins another."""
        self.expects = False
        """Whether the body comes only when it is asked for."""

    def __bool__(self) -> bool:
        return bool(self._data)

    def add(self, data: memoryview) -> None:
        """What came."""
        self._data += data

    def clear(self) -> None:
        """Forget what came."""
        self._data.clear()
        self.body = None

    def take_head(self) -> Head | None:
        """The next head; None where it has not come whole. Raises `Refusal`."""
        data = self._data
        start = 2 if data.startswith(b"\r\n") else 0  # some send an empty line behind a body
        end = data.find(_END, max(start, self._looked - 3)) + len(_END)
        if (end if end >= len(_END) else len(data)) > start + self._max_header_bytes:
            raise self._too_long(start)
        if end < len(_END):
            if is_hopeless(data, max(start, self._looked - 1)):
                raise malformed()
            self._looked = len(data)
            return None
        head = self.head = read(bytes(data[start:end]))
        del data[:end]
        self._looked, self.expects = 0, head.expects
        self.body = Chunks(self._max_body_bytes) if head.length < 0 else Sized(head.length)
        return head

    def _too_long(self, start: int) -> Refusal:
        """Why such a head is refused: for the same reason however it is cut."""
        first = self._data[: start + self._max_header_bytes]
        return malformed() if is_hopeless(first, start) else long_head()

    def check(self) -> None:
        """Raises `Refusal` where the body is not as it should be behind what was taken."""
        if self.head is not None and self.head.length > self._max_body_bytes:
            raise malformed("its body is far too long")
        if self.body is not None and self.body.fault is not None:
            raise self.body.fault

    def is_whole(self) -> bool:
        """Whether all of the body was taken."""
        return self.body is None or self.body.is_done

    def take(self) -> bytes | bytearray:
        """What has come of the body."""
        if self.body is None or self.body.is_done:
            return b""
        piece, read = self.body.take(self._data)
        del self._data[:read]
        return piece

    def goes_on(self) -> bool:
        """Whether another request may follow an answer that is given now.

        Of a body that is not read the rest must be short, and sure to come as announced.
        """
        head, body = self.head, self.body
        if head is None or body is None:
            return head is not None and head.keeps
        if not isinstance(body, Sized) or body.left > MAX_SKIPPED_BYTES or self.expects:
            return False
        return head.keeps and head.method == "POST" and "content-length" in head.fields
