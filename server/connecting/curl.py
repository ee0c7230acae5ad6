"""Plain JSON, by curl."""

ABOUT = "JSON of your own, by curl: a call and an error"

TEXT = """\
# A model call. All members that it can have: schemas/trace.schema.json
# The answer: {"accepted":1,"dropped":0,"rejected":0,"events":[{"event_id":"...", ...}]}
curl -sS "{url}/v1/traces" \\
[key]  -H "x-api-key: {key}" \\
  -H "Content-Type: application/json" -d '{
    "provider": "openai", "model": "gpt-4o-mini", "input_text": "What is the capital of France?",
    "output_text": "Paris.", "prompt_tokens": 11, "completion_tokens": 2, "cost_usd": 0.00000285,
    "latency_ms": 412, "session_id": "my-session"}'

# A failure. All members that it can have: schemas/error.schema.json
# The answer is of the same shape.
curl -sS "{url}/v1/errors" \\
[key]  -H "x-api-key: {key}" \\
  -H "Content-Type: application/json" -d '{
    "error_type": "llm_error", "message": "429: slow down", "severity": "error",
    "provider": "openai", "model": "gpt-4o-mini", "session_id": "my-session"}'
"""
