"""LiteLLM, by its callbacks generic_api and otel."""

ABOUT = "LiteLLM, proxy or library: its callbacks generic_api and otel"

TEXT = """\
# LiteLLM's proxy: add this to its config.yaml. It gives each call with tokens, cost, texts and
# failures, in bundles. LiteLLM skips the callback where it has no headers, so leave them in.
[named]# The proxy reads the key from its variable TOKENWEIR_KEY.
litellm_settings:
  callbacks: ["tokenweir"]
callback_settings:
  tokenweir:
    callback_type: generic_api
    endpoint: "{url}/v1/litellm"
[key]    headers: {"x-api-key": "{key in yaml}"}
[open]    headers: {}

# The same for LiteLLM as a library: start the program in a shell with these.
export GENERIC_LOGGER_ENDPOINT="{url}/v1/litellm"
[key]export GENERIC_LOGGER_HEADERS="x-api-key={key}"

# In the program, within its event loop. It reports every 5 s, and calls of acompletion only.
import litellm
from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger
litellm.callbacks = [GenericAPILogger()]

# The other way, for proxy and library: callbacks ["otel"], with these. Each call then has its place
# in the trace of its program. With both ways on, a call is one row all the same. It needs
# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
export OTEL_EXPORTER_OTLP_ENDPOINT="{url}"
export OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"
[key]export OTEL_EXPORTER_OTLP_HEADERS="x-api-key={key}"
export USE_OTEL_LITELLM_REQUEST_SPAN="true"
"""
