"""A Python program, by OpenTelemetry's instrumentation."""

ABOUT = "a Python program: opentelemetry-instrument, for OpenAI's client and others"

TEXT = """\
# Python: once, where the program runs. Other clients have instrumentations of their own.
pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http \\
  "opentelemetry-instrumentation-openai-v2>=2.4b0" "opentelemetry-util-genai>=0.4b0,<1" "openai<3"

# Then start the program in a shell with these. The last two have prompts and answers sent with
# each call: leave them out to send none.
export OTEL_SERVICE_NAME="my-program"
export OTEL_EXPORTER_OTLP_ENDPOINT="{url}"
export OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"
[key]export OTEL_EXPORTER_OTLP_HEADERS="x-api-key={key}"
export OTEL_TRACES_EXPORTER="otlp"
export OTEL_LOGS_EXPORTER="otlp"
export OTEL_METRICS_EXPORTER="none"
export OTEL_SEMCONV_STABILITY_OPT_IN="gen_ai_latest_experimental"
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="span_only"

# In front of what starts it:
opentelemetry-instrument python program.py
"""
