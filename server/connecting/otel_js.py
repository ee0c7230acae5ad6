"""A program for Node.js, by OpenTelemetry's instrumentation."""

ABOUT = "a program for Node.js: OpenTelemetry's SDK, for OpenAI's client and others"

TEXT = """\
# Node.js: once, in the program's directory. Other clients have instrumentations of their own.
npm install @opentelemetry/api @opentelemetry/sdk-node @opentelemetry/instrumentation \\
  @opentelemetry/instrumentation-openai @opentelemetry/exporter-trace-otlp-proto

# telemetry.mjs, beside the program:
import { register } from "node:module";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { NodeSDK } from "@opentelemetry/sdk-node";
register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
const instrumentations = [new OpenAIInstrumentation()];
const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), instrumentations });
sdk.start();
process.once("beforeExit", () => sdk.shutdown());

# Then start the program in a shell with these. The last one has prompts and answers sent: leave it
# out to send none.
export OTEL_SERVICE_NAME="my-program"
export OTEL_EXPORTER_OTLP_ENDPOINT="{url}"
export OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"
[key]export OTEL_EXPORTER_OTLP_HEADERS="x-api-key={key}"
export OTEL_LOGS_EXPORTER="otlp"
export OTEL_METRICS_EXPORTER="none"
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true"

# It is loaded before the program:
node --import ./telemetry.mjs program.mjs
"""
