/**
 * Plays recorded events through the real output code, in a real terminal: `node play-events.ts FILE UI [RUN_FOLDER]`. It
 * stays up after the last event until it is told to stop (`q` and `y`, Ctrl+C, SIGTERM), as a host would, and its clock
 * stays at that event. With RUN_FOLDER the dashboard has the logs in it, and `described.json` as the answer to `describe`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostLink } from "../../apphost/dashboard/host-link.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";

const [file, ui, runDir] = process.argv.slice(2) as [string, "tui" | "plain", string?];
const apphost = join(import.meta.dirname, "../../dist/apphost");
const events = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as HostEvent);
const stopped = Promise.withResolvers<void>();
// A pending promise alone does not keep a process alive, and a plain output has no timer of its own.
const alive = setInterval(() => undefined, 1_000);
process.once("SIGTERM", () => stopped.resolve());

/** A host of which there are only the files. */
const createLink = (folder: string): HostLink => ({
  runId: "recorded",
  runDir: folder,
  logPath: (resource) => runFolder.log(folder, resource),
  async ask({ request }) {
    if (request !== "describe") throw new Error(`this run is only played, and cannot ${request}`);
    return { resources: JSON.parse(readFileSync(join(folder, "described.json"), "utf8")) };
  },
});

async function startDashboard() {
  const { openDashboard } = await import(join(apphost, "cli/open-dashboard.js"));
  const dashboard = await openDashboard({ theme: "dark", isOwner: true, onEnd: () => stopped.resolve() });
  if (runDir !== undefined) dashboard.connect(createLink(runDir));
  // A whole snapshot may be played, too.
  for (const event of events) dashboard.take("type" in event ? { kind: "event", event } : event);
  return dashboard;
}

async function startLines() {
  const { createEventFeed } = await import(join(apphost, "run/event-feed.js"));
  const { startOutput } = await import(join(apphost, "dashboard/output.js"));
  let nowUs = 0;
  const feed = createEventFeed({
    clock: { nowUs: () => nowUs },
    append: () => undefined,
    appendMetrics: () => undefined,
  });
  const { stdout, stderr, env } = process;
  const output = startOutput({ ui, feed, stdout, stderr, env, onLost: () => undefined });
  for (const { atUs, ...body } of events) {
    nowUs = atUs;
    feed.emit(body);
  }
  return output;
}

const output = ui === "tui" ? await startDashboard() : await startLines();
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
