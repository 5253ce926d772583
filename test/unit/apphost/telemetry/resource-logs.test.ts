import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeSeverity, ResourceLogs } from "../../../../apphost/telemetry/resource-logs.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";

type Records = Parameters<LogRecordExporter["export"]>[0];

let runDir: string;
let exported: string[];
let logs: ResourceLogs;
/** Whether the collector answers; what it did not answer yet. */
let answers = true;
let unanswered: (() => void)[] = [];

beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "resource-logs-"));
  mkdirSync(runFolder.logs(runDir));
  exported = [];
  answers = true;
  unanswered = [];
  const exporter: LogRecordExporter = {
    export(records: Records, done) {
      const end = () => {
        exported.push(...records.map(({ resource, body }) => `${resource.attributes["service.name"]}: ${body}`));
        logs.noteExported(records.length);
        done({ code: 0 });
      };
      if (answers) end();
      else unanswered.push(end);
    },
    shutdown: () => Promise.resolve(),
    forceFlush: () => Promise.resolve(),
  };
  const resourceOf = (name: string) => resourceFromAttributes({ "service.name": name });
  logs = new ResourceLogs({ runDir, version: "1", exporter, hostResource: resourceOf("host"), resourceOf });
});
afterEach(() => rmSync(runDir, { recursive: true }));

const write = (resource: string, lines: number) =>
  appendFileSync(
    runFolder.log(runDir, resource),
    Array.from({ length: lines }, (_, i) => `\u001b[31mline\u001b[0m ${i}\n`).join(""),
  );

describe("the logs of resources", () => {
  it("are exported to the last line, whenever they came, without what would colour a terminal", async () => {
    write("a", 3_000);
    write("b", 1);
    logs.takeNotice({ type: "notice", atUs: 1, level: "warn", resource: "kafka", text: "slow" });
    await logs.finishReading();
    await logs.close();
    expect(exported.filter((line) => line.startsWith("a: "))).toEqual(
      Array.from({ length: 3_000 }, (_, i) => `a: line ${i}`),
    );
    expect(exported).toContain("b: line 0");
    expect(exported).toContain("host: kafka: slow");
    expect(logs.dropped).toBe(0);
  });

  it("of which too many wait for a collector are dropped, and counted (L1)", async () => {
    answers = false;
    write("a", 20_000);
    await logs.finishReading();
    expect(logs.dropped).toBe(20_000 - 8_192);
    answers = true;
    for (const end of unanswered) end();
    await logs.close();
    expect(exported).toHaveLength(8_192);
  });
});

describe("the severity of a line", () => {
  it.each([
    ["info  registered", "INFO"],
    ["ERROR the store is lost", "ERROR"],
    ["[2026-11-22 18:24:24,123] WARN [Broker id=1] slow (kafka.server)", "WARN"],
    ["Error: connect ECONNREFUSED", "ERROR"],
    ["host  started, pid 7", undefined],
    ["4711:M 22 Nov 2026 18:24:24.123 * Ready", undefined],
    ["", undefined],
  ])("%j is %s", (text, severityText) => {
    expect(describeSeverity({ text }).severityText).toBe(severityText);
  });
});
