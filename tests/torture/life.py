"""One process of the service, from its start to its end."""

import select
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property

from ..process import Running, _environment
from . import Violation
from .place import Place
from .witness import uncovered

STOP_SECONDS = 30


class Life:
    """Starts a process, which may then be listening, or not yet."""

    def __init__(self, place: Place, name: str, arguments: Sequence[str]) -> None:
        self.before = place.counts()
        self.log = place.logs / f"{name}.log"
        self._witness = place.logs / f"{name}.uncovered"
        command = (sys.executable, "-m", "tests.torture.witness", str(self._witness))
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                (*command, "--port=0", f"--db={place.database}", *arguments),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(None),
            )
        assert self._process.stdout is not None
        self._stdout = self._process.stdout

    @cached_property
    def service(self) -> Running:
        """The service, once it listens. Raises Violation where it does not."""
        try:
            return Running(self._process)
        except AssertionError as error:
            raise Violation(f"does not come to listen: {error}; {self.log}") from None

    @property
    def uncovered(self) -> int:
        """Events that were answered before the journal had them."""
        return uncovered(self._witness)

    def waits_or_listens(self) -> bool:
        """Whether it has met a lock, or said where it listens, or ended."""
        said, _, _ = select.select([self._stdout], [], [], 0)
        return bool(said) or self.says("the store cannot be written")

    def says(self, text: str) -> bool:
        """Whether its log has `text` by now."""
        return text in self.log.read_text()

    def kill(self) -> None:
        """SIGKILL, whatever it does. May be called again."""
        self._process.kill()
        self._process.wait()
        self._stdout.close()

    def stop(self) -> int:
        """SIGTERM; its exit status. Raises Violation where it does not end."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Violation(f"does not stop in {STOP_SECONDS} s; {self.log}") from None
        return self._process.returncode
