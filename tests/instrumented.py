"""A program that asks a model, with an instrumentation of OpenAI's client.

`python -m tests.instrumented openai_v2|openinference MODEL_URL`, and the environment says where
the spans go. What the instrumentation patches is the whole process's, so it has one of its own.
"""

import contextlib
import importlib
import sys

from openai import APIStatusError, OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MODULES = {
    "openai_v2": "opentelemetry.instrumentation.openai_v2",
    "openinference": "openinference.instrumentation.openai",
}
QUESTION = [{"role": "user", "content": "How high is the river?"}]
TOOL = {"type": "function", "function": {"name": "level", "parameters": {"type": "object"}}}


def main(name, model_url):
    """Ask, and send all spans before the end."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    importlib.import_module(MODULES[name]).OpenAIInstrumentor().instrument()
    with OpenAI(base_url=model_url, api_key="sk-none", max_retries=0) as client:
        ask(client)
    provider.shutdown()


def ask(client):
    """One call of each sort."""
    create = client.chat.completions.create
    with trace.get_tracer("app").start_as_current_span("turn"):  # no model call itself
        create(model="gpt-plain", messages=QUESTION, temperature=0.5)
        create(model="gpt-tools", messages=QUESTION, tools=[TOOL])
        options = {"include_usage": True}
        for _ in create(model="gpt-stream", messages=QUESTION, stream=True, stream_options=options):
            pass
        for model in ("limited", "broken"):
            with contextlib.suppress(APIStatusError):
                create(model=model, messages=QUESTION)
        client.embeddings.create(model="embed-small", input="river", encoding_format="float")


if __name__ == "__main__":
    main(*sys.argv[1:])
