// node otel.js http|proto none|gzip URL COUNT: exports so many model calls, at once, and says
// as a line of JSON how that ended (code 0: well) and the ids of their spans.

import { SpanKind } from "@opentelemetry/api";
import { OTLPTraceExporter as Http } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as Proto } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

const [kind, compression, url, count] = process.argv.slice(2);
const kept = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "gateway" }),
  spanProcessors: [new SimpleSpanProcessor(kept)],
});
const tracer = provider.getTracer("tests");
for (let number = 0; number < Number(count); number += 1) {
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.usage.input_tokens": number,
    "gen_ai.usage.output_tokens": 7,
  };
  tracer.startSpan("chat gpt-4o-mini", { kind: SpanKind.CLIENT, attributes }).end();
}
await provider.forceFlush();

const spans = kept.getFinishedSpans();
const Exporter = kind === "http" ? Http : Proto;
const exporter = new Exporter({ url: `${url}/v1/traces`, compression, timeoutMillis: 30000 });
const { code } = await new Promise((done) => exporter.export(spans, done));
console.log(JSON.stringify({ code, ids: spans.map((span) => span.spanContext().spanId) }));
await exporter.shutdown();
