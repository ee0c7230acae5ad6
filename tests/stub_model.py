"""A provider of models on loopback, like OpenAI and Anthropic: the same answer each time."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
ANSWER = "Water over the weir."
TOOL_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "level", "arguments": '{"river": "Elbe"}'},
}
FAILURES = {
    "limited": (429, "rate_limit_exceeded"),
    "broken": (500, "server_error"),
    "locked": (401, "invalid_api_key"),
}
"""By the model that is asked for, or a directory of the path.

There `once-`, and anything, is limited for the first request; `silent` never answers, `garbled`
answers with half of a JSON, and `cut` breaks a stream off.
"""


@contextlib.contextmanager
def stub_model():
    """Its base URL while it serves."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, *options):
        super().__init__(*options)
        self.closing = threading.Event()
        self.met: set[str] = set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        where = self.path.split("/")[1]
        if (failing := self._failing(asked["model"], where)) is not None:
            status, code = FAILURES[failing]
            self._send(status, {"error": {"message": "no", "type": code, "code": code}})
        elif where == "silent":
            self.server.closing.wait(60)
            self.close_connection = True
        elif where == "garbled":
            self._reply(200, "application/json", b'{"id": "chatcmpl-1", "choi')
        elif where == "cut":
            self._stream(asked, cut=True)
        else:
            self._answer(asked)

    def _failing(self, model, where):
        """The failure that is asked for."""
        if where.startswith("once-") and where not in self.server.met:
            self.server.met.add(where)
            return "limited"
        return next((name for name in (model, where) if name in FAILURES), None)

    def _answer(self, asked):
        if self.path.endswith("/embeddings"):
            self._send(200, _embeddings(asked))
        elif self.path.endswith("/messages"):
            self._send(200, _message(asked))
        elif asked.get("stream"):
            self._stream(asked)
        else:
            self._send(200, _completion(asked))

    def log_message(self, *said):
        """Say nothing."""

    def _send(self, status, answer):
        self._reply(status, "application/json", json.dumps(answer).encode())

    def _stream(self, asked, cut=False):
        lines = [*map(json.dumps, _chunks(asked)), "[DONE]"]
        text = "".join(f"data: {line}\n\n" for line in lines)
        self._reply(200, "text/event-stream", text.encode(), cut)

    def _reply(self, status, media_type, body, cut=False):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


def _completion(asked):
    message: dict = {"role": "assistant", "content": ANSWER}
    if asked.get("tools"):
        message = {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}
    reason = "tool_calls" if asked.get("tools") else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**_about(asked, "chat.completion"), "choices": [choice], "usage": USAGE}


def _chunks(asked):
    about = _about(asked, "chat.completion.chunk")
    for word in ANSWER.split(" "):
        delta = {"role": "assistant", "content": word + " "}
        yield {**about, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**about, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**about, "choices": [], "usage": USAGE}


def _about(asked, kind):
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1795700000,
        "model": asked["model"] + "-2024-07-18",
    }


def _message(asked):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


def _embeddings(asked):
    data = [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}
