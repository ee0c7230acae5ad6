"""Programs of senders: started, told what to do, and ended."""

import subprocess
from contextlib import contextmanager


class Program:
    """A program that reads a word a line, and says it again when it is done."""

    def __init__(self, process):
        self.process = process

    def do(self, *words):
        """Have it do these, one after another."""
        for word in words:
            self.process.stdin.write(f"{word}\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline().strip() == word, self.process.poll()

    def end(self, *words):
        """Have it do these until it ends; its exit status and stderr."""
        _, errors = self.process.communicate("".join(f"{word}\n" for word in words), timeout=30)
        return self.process.returncode, errors


@contextmanager
def running(*command, **options):
    """The program; killed at the end if it still runs."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **options)
    try:
        yield Program(process)
    finally:
        process.kill()
        process.communicate()
