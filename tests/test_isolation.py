"""The service needs nothing but its directory and loopback, and turns to nobody by itself."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .process import SERVER, Running, run, wait_until

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

HERE = Path(__file__).parents[1]
SANDBOX = ("--unshare-net", "--unshare-pid", "--cap-drop", "ALL", "--die-with-parent")
ALLOWED = {"socket", "bind", "listen", "accept4", "recvfrom", "sendto", "shutdown", "socketpair"}
ALLOWED |= {"setsockopt", "getsockopt", "getsockname", "getpeername"}
"""Network calls that turn to nobody: a connection's answers go by sendto without an address."""
RESTRICTED = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
libc.prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, as MemoryDenyWriteExecute: of Linux 6.3 on
os.umask(0o027)
os.execv(sys.executable, [sys.executable, "-m", "tests.sandboxed", sys.argv[1]])
"""


def test_it_works_with_its_directory_and_loopback_only(tmp_path):
    """As the unit and the compose file have it: all else is read-only, or not there at all."""
    bwrap = shutil.which("bwrap")
    if (
        not bwrap
        or subprocess.run((bwrap, "--ro-bind", "/", "/", "--unshare-net", "true")).returncode
    ):
        pytest.skip("no sandbox can be made here")
    told = sandboxed(bwrap, tmp_path)
    assert ": 300 accepted, 0 dropped, 0 rejected" in told["sent"]
    assert (told["health"], told["status"], told["left"]) == ("ok", 0, ["t.db"])
    assert told["rows"] > 200
    assert "Traceback" not in told["errors"]
    assert told["modes"].pop("t.db.journal.d") == "700"
    assert set(told["modes"].values()) <= {"640", "600"}


def sandboxed(bwrap, state):
    """What one life of the service in the sandbox saw."""
    places = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--chdir", str(HERE))
    state = ("--bind", str(state), str(state), sys.executable, "-c", RESTRICTED, f"{state}/t.db")
    done = subprocess.run((bwrap, *SANDBOX, *places, *state), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_opens_no_connection_and_asks_no_name_server(tmp_path):
    strace, trace = shutil.which("strace"), tmp_path / "trace"
    if not strace or subprocess.run((strace, "-o", "/dev/null", "true")).returncode:
        pytest.skip("no process can be traced here")
    # -D: the service is our child, and its tracer is not
    traced = (strace, "-D", "-f", "-e", "trace=network", "-o", str(trace), *SERVER)
    with popen((*traced, "--port=0", f"--db={tmp_path}/t.db")) as process:
        service = Running(process)
        assert run("send-sample", f"--url={service.url}", "--count=100").returncode == 0
        assert service.stop()[0] == 0
    end = re.compile(rf"^{process.pid} +\+\+\+ exited", re.MULTILINE)
    wait_until(lambda: end.search(trace.read_text()), "the trace's end")
    calls = re.findall(r"^\d+ +(\w+)\((.*)", trace.read_text(), re.MULTILINE)
    assert {call for call, _ in calls} <= ALLOWED
    opened = [arguments for call, arguments in calls if call == "socket"]
    assert len(opened) == 1, opened  # to listen at
    assert opened[0].startswith("AF_INET, SOCK_STREAM")


def popen(command):
    """A process with text pipes, started at the top of the sources."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=HERE)
