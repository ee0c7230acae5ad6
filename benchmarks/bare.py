"""The yardstick: a bare Tornado handler that reads the body and answers 202.

`python -m benchmarks.bare PORT`
"""

import asyncio
import sys

from tornado.web import Application, RequestHandler


class BareHandler(RequestHandler):
    """Stores nothing, checks nothing."""

    def post(self) -> None:
        self.set_status(202)
        self.write({"status": "accepted"})


async def main() -> None:
    """Listen until killed."""
    Application([("/v1/traces", BareHandler)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
