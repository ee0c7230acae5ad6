"""Made-up traffic of a gateway: varied and realistic, and the same for the same seed."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from ..times import now_ms

Sample = tuple[str, dict[str, Any]]
"""A route and the native event to post there."""


class _Model(NamedTuple):
    provider: str
    name: str
    share: int
    failing: float  # the share of its calls
    prices: tuple[float, float] | None  # US dollars a million tokens of input and of output
    tokens_a_second: float


# where there is no price the sender reports no cost: the service knows some of them, and not others
_MODELS = (
    _Model("openai", "gpt-4o-mini", 34, 0.04, (0.15, 0.60), 90),
    _Model("openai", "gpt-4o", 14, 0.05, (2.50, 10.00), 70),
    _Model("anthropic", "claude-sonnet-4-5", 22, 0.07, (3.00, 15.00), 60),
    _Model("anthropic", "claude-haiku-4-5", 12, 0.05, (1.00, 5.00), 120),
    _Model("google", "gemini-2.5-flash", 9, 0.06, None, 140),
    _Model("mistral", "mistral-large-latest", 5, 0.08, None, 55),
    _Model("ollama", "llama3.3:70b", 4, 0.15, None, 25),
)
_AGENTS = ("support-bot", "code-review", "research", "data-pipeline", None)
_FAILURES = {
    "RateLimitError": "Rate limit reached for requests per minute. Please try again in 20s.",
    "Timeout": "Request timed out after 30.0 seconds.",
    "AuthenticationError": "Incorrect API key provided.",
    "ContextWindowExceededError": "This model's maximum context length is 128000 tokens.",
    "InternalServerError": "The server had an error while processing your request.",
}
_FREQUENT = (8, 4, 1, 2, 3)
"""How often each of these happens."""
_TROUBLES = (
    ("crash", "fatal", "worker 3 exited with signal 11"),
    ("system_error", "warning", "disk of the vector store is 91 % full"),
    ("system_error", "error", "redis: connection reset by peer"),
    ("tool_error", "error", "search_orders: no answer within 10 s"),
    ("guardrail", "warning", "answer withheld: it names an account number"),
)
_SENTENCES = (
    "Summarise the ticket below in two sentences for the customer.",
    "The deployment failed because the migration lock was still held.",
    "Welche Rechnung ist noch offen, und seit wann?",
    'Return JSON: {"intent": "refund", "order": 18223}.',
    "日本語の要約を一文でお願いします。",
    "```python\ndef add(a, b):\n    return a + b\n```",
    "Пожалуйста, проверь отчёт и отметь противоречия.",
    "All tests pass; I would still rename the second helper. 👍",
    "The capital of France is Paris.",
    "I looked at the three documents you named and found no clause on early termination.",
)


def traffic(seed: int) -> Iterator[Sample]:
    """Endless samples: of a hundred about ninety calls, six of them failing, and their errors.

    Some of the sessions are much longer than others.
    """
    random = Random(seed)  # noqa: S311 no secret hangs on it
    sessions = [f"session-{random.getrandbits(32):08x}" for _ in range(40)]
    lengths = [random.lognormvariate(0, 1) for _ in sessions]
    while True:
        if random.random() < 0.02:
            yield "/v1/errors", _trouble(random)
            continue
        call = _call(random, random.choices(sessions, lengths)[0])
        yield "/v1/traces", call
        if call["status"] == "error":
            yield "/v1/errors", error_of(call, _FAILURES[call["error_type"]])


def timed(route: str, event: dict[str, Any]) -> dict[str, Any]:
    """A call that has just ended, or an error that has just happened."""
    if route == "/v1/errors":
        return {**event, "occurred_at": now_ms()}
    return {**event, "started_at": now_ms() - int(event["latency_ms"])}


def error_of(call: dict[str, Any], message: str) -> dict[str, Any]:
    """The error of a call that failed."""
    shared = ("trace_id", "span_id", "provider", "model", "session_id", "agent")
    return {
        "error_type": "llm_error",
        "message": message,
        "metadata": {"sample": True, "exception_type": call["error_type"]},
        **{name: call[name] for name in shared},
    }


def _call(random: Random, session: str) -> dict[str, Any]:
    model = random.choices(_MODELS, [m.share for m in _MODELS])[0]
    prompt = _text(random)
    call = {
        "trace_id": f"{random.getrandbits(128):032x}",
        "span_id": f"{random.getrandbits(64):016x}",
        "provider": model.provider,
        "model": model.name,
        "operation": "chat",
        "session_id": session,
        "agent": _AGENTS[_number_of(session) % len(_AGENTS)],
        "input_text": prompt,
        "metadata": {"sample": True, "region": random.choice(("eu", "us"))},
    }
    if random.random() < model.failing:
        return {**call, **_failed(random)}
    return {**call, **_answered(random, model, len(prompt) // 4 + random.randint(20, 900))}


def _answered(random: Random, model: _Model, prompt_tokens: int) -> dict[str, Any]:
    """Two of three are streamed, and one of eight streams does not tell what it used."""
    answer = _text(random)
    completion_tokens = len(answer) // 4 + random.randint(1, 120)
    first = random.lognormvariate(5.8, 0.7)  # median 330 ms, one of a hundred over 1.7 s
    is_streamed = random.random() < 0.67
    has_usage = not is_streamed or random.random() < 0.875
    return {
        "status": "ok",
        "output_text": answer,
        "latency_ms": round(first + 1000 * completion_tokens / model.tokens_a_second, 1),
        "time_to_first_token_ms": round(first, 1) if is_streamed else None,
        **(_usage(random, model, prompt_tokens, completion_tokens) if has_usage else {}),
    }


def _usage(random: Random, model: _Model, prompt: int, completion: int) -> dict[str, Any]:
    can_write = model.provider == "anthropic"
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cache_read_tokens": random.choice((0, 0, prompt // 2)),
        "cache_write_tokens": random.choice((0, prompt // 4)) if can_write else None,
        "reasoning_tokens": random.choice((0, 0, 0, completion // 3)),
        "cost_usd": _cost(model, prompt, completion),
    }


def _failed(random: Random) -> dict[str, Any]:
    error_type = random.choices(tuple(_FAILURES), _FREQUENT)[0]
    latency = 30_000.0 if error_type == "Timeout" else random.uniform(20, 900)
    return {"status": "error", "error_type": error_type, "latency_ms": round(latency, 1)}


def _trouble(random: Random) -> dict[str, Any]:
    error_type, severity, message = random.choice(_TROUBLES)
    trace = 'Traceback (most recent call last):\n  File "worker.py", line 88, in run\n'
    return {
        "error_type": error_type,
        "severity": severity,
        "message": message,
        "stack_trace": trace if error_type == "crash" else None,
        "metadata": {"sample": True},
    }


def _text(random: Random) -> str:
    """A few sentences; one text in thirty is longer than the service keeps."""
    count = random.randint(400, 700) if random.random() < 0.033 else random.randint(1, 12)
    return " ".join(random.choices(_SENTENCES, k=count))


def _cost(model: _Model, prompt_tokens: int, completion_tokens: int) -> float | None:
    if model.prices is None:
        return None
    of_input, of_output = model.prices
    return (prompt_tokens * of_input + completion_tokens * of_output) / 1e6


def _number_of(session: str) -> int:
    """Gives each session one agent, the same in every process (unlike hash)."""
    return int(session[-8:], 16)
