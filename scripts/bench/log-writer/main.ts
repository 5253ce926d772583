/** A user's program that prints a line of LINE_BYTES every 2 ms, as programs do: each by itself. */
import { LINE_BYTES, LINES_PER_SECOND } from "./line.ts";

const LOOK_INTERVAL_MS = 2;
const startedMs = performance.now();
let printed = 0;

setInterval(() => {
  const due = Math.floor(((performance.now() - startedMs) * LINES_PER_SECOND) / 1_000);
  for (; printed < due; printed += 1) {
    const text = `${new Date().toISOString()} INFO  request ${printed} was answered in ${printed % 97} ms`;
    process.stdout.write(`${text.padEnd(LINE_BYTES - 1, ".")}\n`);
  }
}, LOOK_INTERVAL_MS);
