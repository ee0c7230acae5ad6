"""Sentry's SDKs, by a DSN."""

ABOUT = "Sentry's SDKs for Python and JavaScript: a DSN"

TEXT = """\
# Sentry's SDKs: exceptions, and messages from a warning on, become errors. Start the program in a
# shell with this.
export SENTRY_DSN="{dsn}"

# Python: pip install sentry-sdk, and at the beginning of the program:
import sentry_sdk
sentry_sdk.init()

# JavaScript: npm install @sentry/node, this as instrument.mjs, and
# node --import ./instrument.mjs program.mjs
[key]# The SDK for JavaScript takes no hyphen in a key; new keys have none.
import * as Sentry from "@sentry/node";
Sentry.init();
"""
