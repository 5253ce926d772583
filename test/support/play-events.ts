/**
 * Plays recorded events through the real output code, in a real terminal: `node play-events.ts FILE UI`. It stays up
 * after the last event until it is told to stop (`q`, Ctrl+C, SIGTERM), as a host would.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostEvent } from "../../simulator/common/contract/events.ts";

const [file, ui] = process.argv.slice(2) as [string, "tui" | "plain"];
const apphost = join(import.meta.dirname, "../../dist/apphost");
const { createEventFeed } = await import(join(apphost, "run/event-feed.js"));
const { startOutput } = await import(join(apphost, "dashboard/output.js"));

const events = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as HostEvent);
let nowUs = events[0]?.atUs ?? 0;
const feed = createEventFeed({
  clock: { nowUs: () => nowUs },
  append: () => undefined,
  appendMetrics: () => undefined,
});
const stopped = Promise.withResolvers<void>();
// A pending promise alone does not keep a process alive, and a plain output has no timer of its own.
const alive = setInterval(() => undefined, 1_000);
process.once("SIGTERM", () => stopped.resolve());
const output = await startOutput({
  ui,
  feed,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  nowUs: () => nowUs,
  onStop: () => stopped.resolve(),
});
for (const { atUs, ...body } of events) {
  nowUs = atUs;
  feed.emit(body);
}
// For the test that the terminal comes back after an error that nobody catches.
const crashAfterMs = Number(process.env["CRASH_AFTER_MS"] ?? 0);
if (crashAfterMs > 0) {
  setTimeout(() => {
    throw new Error("crashed as asked");
  }, crashAfterMs);
}
await stopped.promise;
await output.close();
clearInterval(alive);
process.stdout.write(`NODE_ENV for children: ${process.env["NODE_ENV"] ?? "not set"}\n`);
