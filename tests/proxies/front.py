"""A proxy as docs/deploy/ configures it, with a certificate of its own, in front of a port."""

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..process import wait_until

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"

NGINX = """\
daemon off;
master_process off;
pid {there}/pid;
error_log {there}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {there}/bodies;
    proxy_temp_path {there}/answers;
    include {there}/site.conf;
}}
"""
APACHE = """\
ServerRoot {there}
PidFile {there}/pid
ErrorLog {there}/log
User www-data
Group www-data
Listen 127.0.0.1:{port}
Include {there}/site.conf
"""
MODULES = (
    "mpm_event",
    "authz_core",
    "proxy",
    "proxy_http",
    "reqtimeout",
    "socache_shmcb",
    "ssl",
)
"""Of Apache; the first is Debian's own choice, authz_core is always on there."""


def is_there(name: str) -> bool:
    """Whether the proxy can be started here."""
    return bool(_binary(name) and shutil.which("openssl"))


def _binary(name: str) -> str | None:
    program = {"nginx": "nginx", "apache": "apache2"}[name]
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


@contextlib.contextmanager
def proxy(name: str, there: Path, upstream: int) -> Iterator[int]:
    """The port at which it speaks TLS while the context lasts; `there` is an empty directory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _make_certificate(there)
    _make_site(name, there, port, upstream)
    with (there / "out").open("w") as out:
        process = subprocess.Popen(_command(name, there, port), stdout=out, stderr=out)
    try:
        wait_until(lambda: process.poll() is not None or _listens(port), f"{name} to listen")
        assert process.poll() is None, _said(there)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def connect(port: int) -> ssl.SSLSocket:
    """A connection over TLS, to whom it may concern."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain, server_hostname="tokenweir.example.com")


def _make_certificate(there: Path) -> None:
    name = ("-subj", "/CN=tokenweir.example.com", "-days", "2", "-nodes")
    files = ("-keyout", str(there / "key"), "-out", str(there / "certificate"))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    made = ("openssl", "req", "-x509", *key, *name, *files)
    subprocess.run(made, check=True, capture_output=True)


def _make_site(name: str, there: Path, port: int, upstream: int) -> None:
    """The documented site, but for its port, its certificate, and where the service is."""
    site = (DEPLOY / f"{name}.conf").read_text("utf-8")
    for documented, here in (
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("<VirtualHost *:443>", f"<VirtualHost 127.0.0.1:{port}>"),
        ("/etc/ssl/certs/tokenweir.pem", f"{there}/certificate"),
        ("/etc/ssl/private/tokenweir.key", f"{there}/key"),
        ("127.0.0.1:4318", f"127.0.0.1:{upstream}"),
    ):
        assert documented in site or documented.startswith(("listen", "<")), documented
        site = site.replace(documented, here)
    (there / "site.conf").write_text(site)


def _command(name: str, there: Path, port: int) -> tuple[str, ...]:
    (there / "main.conf").write_text(_main(name, there, port))
    options = {"nginx": ("-e", f"{there}/log", "-c"), "apache": ("-X", "-f")}[name]
    return (_binary(name) or name, *options, str(there / "main.conf"))


def _main(name: str, there: Path, port: int) -> str:
    if name == "nginx":
        return NGINX.format(there=there)
    load = [f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in MODULES]
    return "".join(load) + APACHE.format(there=there, port=port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _said(there: Path) -> str:
    return "\n".join(f.read_text() for f in (there / "out", there / "log") if f.exists())
