"""A tap between a proxy and the service: passes every byte on, and keeps what the proxy sent."""

import contextlib
import socket
import threading


class Tap:
    """Listens at `port`; `came` holds what each connection brought, oldest first."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.came: list[bytearray] = []
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections; open ones end with their peers."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                proxy, _ = self._listening.accept()
                service = socket.create_connection(self._target)
                kept = bytearray()
                self.came.append(kept)
                for ends in ((proxy, service, kept), (service, proxy, bytearray())):
                    threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, to: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            kept += data
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_RDWR)  # both ways: the other pump ends, too
    source.close()
