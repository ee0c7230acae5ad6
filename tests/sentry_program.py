"""A program with Sentry's SDK in it: `python -m tests.sentry_program DSN [OPTIONS]`.

It does what stdin says, a line at a time, and says it again when it is sent. OPTIONS: those of
`sentry_sdk.init`, as JSON.
"""

import json
import logging
import sys

import sentry_sdk


def exception():
    try:
        try:
            int("x")
        except ValueError as cause:
            raise RuntimeError("the order failed") from cause
    except RuntimeError as error:
        sentry_sdk.capture_exception(error)


def message():
    sentry_sdk.capture_message("disk nearly full", "warning")


def info():
    sentry_sdk.capture_message("all is well", "info")


def log():
    logging.getLogger("app").error("logged error %s", 17)


def span():
    with sentry_sdk.start_transaction(op="http.server", name="POST /chat"):
        pass


def deep(left=300):
    if left:
        return deep(left - 1)
    raise ValueError("big " * 20_000)


def large():
    try:
        deep()
    except ValueError as error:
        sentry_sdk.capture_exception(error)


def crash():
    raise KeyError("nobody catches this")


DOES = {f.__name__: f for f in (exception, message, info, log, span, large, crash)}


def main(dsn, options="{}"):
    sentry_sdk.init(
        dsn,
        release="shop@1.4.2",
        environment="test",
        traces_sample_rate=1.0,
        enable_logs=True,
        **json.loads(options),
    )
    for line in sys.stdin:
        DOES[line.strip()]()
        sentry_sdk.flush()
        print(line.strip(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
