"""Vercel's AI SDK, by its own telemetry."""

ABOUT = "Vercel's AI SDK, from 5 on, in Next.js or in plain Node.js"

TEXT = """\
# Vercel's AI SDK: once, in the program's directory. From AI SDK 7 on also: npm install @ai-sdk/otel
npm install @opentelemetry/api @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto

# In Next.js this is instrumentation.js, beside its configuration. In plain Node.js it is
# instrumentation.mjs: import it, and await register(), before anything else.
export async function register() {
  if (process.env.NEXT_RUNTIME === "edge") return;
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() });
  sdk.start();
  process.once("beforeExit", () => sdk.shutdown());
}

# From AI SDK 7 on: once, after that.
import { OpenTelemetry } from "@ai-sdk/otel";
import { registerTelemetry } from "ai";
registerTelemetry(new OpenTelemetry());

# In AI SDK 5 and 6 each call is told to be traced instead, by one more option:
#   generateText({ ..., experimental_telemetry: { isEnabled: true } })
# Then start the program in a shell with these, or put them into .env.local.
export OTEL_SERVICE_NAME="my-program"
export OTEL_EXPORTER_OTLP_ENDPOINT="{url}"
export OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf"
[key]export OTEL_EXPORTER_OTLP_HEADERS="x-api-key={key}"
export OTEL_LOGS_EXPORTER="none"
export OTEL_METRICS_EXPORTER="none"
"""
