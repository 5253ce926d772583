/** What the page of a run needs of the command line: the command that repeats the run, and who opens the file. */
import { expect, it } from "vitest";
import { listOpeners } from "../../../../apphost/cli/opener.ts";
import { describeReproduction } from "../../../../apphost/cli/reproduction.ts";
import { resolveOptions } from "../../../../apphost/option-resolution.ts";
import { describeOptions, type Verb } from "../../../../apphost/options.ts";
import { sampleReport } from "../../../support/sample-report.ts";

/** As a run with these options would report. */
function reproduce(verb: Verb, given: Readonly<Record<string, string | true>>): string {
  const options = resolveOptions(verb, given, {});
  return describeReproduction(sampleReport({ parameters: describeOptions(options) }), verb);
}

it.each([
  ["up", {}, "npx flink-apphost up --partitions 20 --infra embedded"],
  [
    "stress",
    { messages: "2000", infra: "native" },
    "npx flink-apphost stress --messages 2000 --partitions 20 --infra native",
  ],
  [
    "up",
    { messages: "2000", maxTime: "90s", once: true, uiMode: "x", topic: "orders", checkpointInterval: "1500ms" },
    "npx flink-apphost up --messages 2000 --max-time 90s --partitions 20 --infra embedded --checkpoint-interval 1500ms --topic orders --once",
  ],
  [
    "up",
    { kafka: "127.0.0.1:9092", redis: "redis://:secret@127.0.0.1:6379/0", messages: "2000", counterKey: "it's`mine`" },
    `npx flink-apphost up --messages 2000 --partitions 20 --infra embedded --kafka 127.0.0.1:9092 --redis 'redis://:***@127.0.0.1:6379' --counter-key 'it'\\''s\`mine\`'`,
  ],
] as const)("%s with %j", (verb, given, command) => {
  expect(reproduce(verb, given)).toBe(command);
});

it("names further rounds, and no option that changes nothing in the run", () => {
  const report = sampleReport({
    parameters: { messages: 500, runDir: "/x", ui: "json", testHold: "before-validation" },
  });
  expect(describeReproduction(report, null)).toBe(
    "npx flink-apphost up --messages 500\nnpx flink-apphost produce --messages 1500",
  );
});

it("opens by what $BROWSER names, in its order, and then by the system's own, and asks no shell", () => {
  const url = "file:///tmp/a%20b.html";
  expect(listOpeners(url, "", "linux")).toEqual([{ program: "xdg-open", args: [url] }]);
  expect(listOpeners(url, "", "darwin")).toEqual([{ program: "open", args: [url] }]);
  expect(listOpeners(url, "firefox -new-window %s: w3m ;touch x::", "linux")).toEqual([
    { program: "firefox", args: ["-new-window", url] },
    { program: "w3m", args: [";touch", "x", url] },
    { program: "xdg-open", args: [url] },
  ]);
});
