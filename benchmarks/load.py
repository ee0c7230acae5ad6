"""Closed-loop load over plain sockets: each connection sends its next request on the answer."""

import asyncio
import json
import time
from collections import Counter
from typing import Any

TEXT = "It looked at the three documents and found no clause on early termination. Größe: 12 m²\n"


def trace(text_bytes: int = 2048) -> dict[str, Any]:
    """One call with 12 fields, `text_bytes` of text in its two texts, without ids: each is new."""
    text = (TEXT * (text_bytes // len(TEXT) + 1))[: text_bytes // 2]
    return {
        "provider": "openai",
        "model": "gpt-4o-mini",
        "started_at": 1795452272709,
        "operation": "chat",
        "input_text": text,
        "output_text": text,
        "prompt_tokens": 512,
        "completion_tokens": 128,
        "cost_usd": 0.00015,
        "latency_ms": 812.5,
        "status": "ok",
        "session_id": "session-1",
    }


def litellm_call(kib: int = 200) -> dict[str, Any]:
    """A log object of LiteLLM with a conversation of so many KiB."""
    words = TEXT * (kib * 1024 // 10 // len(TEXT.encode()))
    return {
        "model": "gpt-4o-mini",
        "custom_llm_provider": "openai",
        "call_type": "acompletion",
        "status": "success",
        "messages": [{"role": "user", "content": words} for _ in range(9)],
        "response": {"choices": [{"message": {"role": "assistant", "content": words}}]},
        "startTime": 1795452272.7,
        "endTime": 1795452273.5,
        "prompt_tokens": 51200,
        "completion_tokens": 128,
        "response_cost": 0.0078,
    }


def request(body: Any, path: str = "/v1/traces") -> bytes:
    """A whole POST, head and body."""
    data = json.dumps(body, ensure_ascii=False).encode()
    return raw(data, "application/json", path)


def raw(data: bytes, media_type: str, path: str = "/v1/traces") -> bytes:
    """A whole POST of `data` as it is."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


async def drive(port: int, payload: bytes, connections: int, seconds: float) -> Counter[bytes]:
    """Send `payload` for `seconds` over so many connections; answers by status code."""
    codes: Counter[bytes] = Counter()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_drive_one(port, payload, end, codes) for _ in range(connections)))
    return codes


async def _drive_one(port: int, payload: bytes, end: float, codes: Counter[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < end:
        writer.write(payload)
        code, _ = await read_answer(reader)
        codes[code] += 1
    writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next answer's status code and body. Raises IncompleteReadError where it is cut off."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
    return head[9:12], await reader.readexactly(int(length))
