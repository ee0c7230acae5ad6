"""Start an installed tokenweir, post to it, query it: `smoke.py COMMAND DATABASE`.

The checkout hides a file that is missing from the wheel, so this must run outside of it.
"""

import subprocess
import sys
import tempfile
import urllib.request

COMMAND, DATABASE = sys.argv[1:]
JSON = {"Content-Type": "application/json"}
SPAN = b"""{"resourceSpans": [{"scopeSpans": [{"spans": [{
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o-mini"}}
    ]}]}]}]}"""


def run(*arguments: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def main() -> None:
    """Sample traffic over HTTP, then rows, counters, and a clean stop."""
    with subprocess.Popen(
        [COMMAND, "--port=0", f"--db={DATABASE}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tempfile.gettempdir(),
    ) as service:
        url = service.stdout.readline().split("listening on ")[1].split(",")[0]
        urllib.request.urlopen(urllib.request.Request(f"{url}/v1/traces", SPAN, JSON)).close()
        print(run("send-sample", f"--url={url}", "--count=200"), end="")
        urllib.request.urlopen(f"{url}/metrics").close()
        service.terminate()
        if service.wait(20) != 0:
            raise SystemExit(f"exit status {service.returncode}")
    rows = run("query", "traces", f"--db={DATABASE}", "--json", "--limit=1000").count("\n")
    rows += run("query", "errors", f"--db={DATABASE}", "--json", "--limit=1000").count("\n")
    if rows != 201:
        raise SystemExit(f"201 events accepted, {rows} rows stored")


if __name__ == "__main__":
    main()
