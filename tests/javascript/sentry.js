// A program with Sentry's SDK in it: `node sentry.js DSN` does what stdin says, a line at a time.

import { createInterface } from "node:readline";
import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: process.argv[2],
  release: "shop@1.4.2",
  environment: "test",
  tracesSampleRate: 1,
});

function fail(message) {
  throw new TypeError(message);
}

const does = {
  exception: () => {
    try {
      fail("no such thing");
    } catch (error) {
      Sentry.captureException(new Error("the order failed", { cause: error }));
    }
  },
  message: () => Sentry.captureMessage("disk nearly full", "warning"),
  info: () => Sentry.captureMessage("all is well", "info"),
  large: () => Sentry.captureException(new Error("long ".repeat(20_000))),
  span: () => Sentry.startSpan({ name: "POST /chat" }, () => {}),
  model: () =>
    Sentry.captureException(new Error("429 Rate limit reached"), {
      mechanism: { type: "auto.ai.openai", handled: false },
    }),
  rejection: () => void Promise.reject(new Error("nobody awaits this")),
  crash: () => setImmediate(() => fail("nobody catches this")),
};

for await (const line of createInterface({ input: process.stdin })) {
  does[line]();
  await new Promise(setImmediate);
  await Sentry.flush();
  console.log(line);
}
