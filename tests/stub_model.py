"""A provider of models on loopback, in the manner of OpenAI's API: the same answer each time."""

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
FAILURES = {"limited": (429, "rate_limit_exceeded"), "broken": (500, "server_error")}
"""By the model that is asked for."""


@contextlib.contextmanager
def stub_model():
    """Its base URL while it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] in FAILURES:
            status, code = FAILURES[asked["model"]]
            self._send(status, {"error": {"message": "no", "type": code, "code": code}})
        elif self.path.endswith("/embeddings"):
            self._send(200, _embeddings(asked))
        elif asked.get("stream"):
            self._stream(asked)
        else:
            self._send(200, _completion(asked))

    def log_message(self, *said):
        """Say nothing."""

    def _send(self, status, answer):
        self._reply(status, "application/json", json.dumps(answer).encode())

    def _stream(self, asked):
        lines = [*map(json.dumps, _chunks(asked)), "[DONE]"]
        text = "".join(f"data: {line}\n\n" for line in lines)
        self._reply(200, "text/event-stream", text.encode())

    def _reply(self, status, media_type, body):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


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


def _embeddings(asked):
    data = [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}
