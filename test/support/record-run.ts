/**
 * Makes a recording (`recorded-run.ts`) of a run that has ended: `node record-run.ts NAME RUN_FOLDER [DESCRIBED]`. DESCRIBED
 * is what `flink-apphost describe --format json` printed while it ran. The project's folder becomes `/home/ada/shop`.
 *
 *   passed   up --messages 2500000 --rate 60000 --infra embedded, and after 24 s `kill taskmanager-07`
 *   failed   up --messages 1000000 --rate 50000 --infra embedded --max-time 8s
 *
 * The kept screens are then written anew by UPDATE_SCREENS=1.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { HostDescription } from "../../apphost/model/description.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type RecordedRun, SCREENS } from "./recorded-run.ts";

const [name, run, describedFile] = process.argv.slice(2) as [string, string, string?];
/** The host's own log is of its machine. */
const NOT_KEPT = "host.log";

const readEvents = (file: string): readonly HostEvent[] =>
  readFileSync(join(run, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as HostEvent);

const usage = readEvents("metrics.ndjson").filter(({ type }) => type === "usage");
const all = [...readEvents("events.ndjson"), ...usage].sort((a, b) => a.atUs - b.atUs);
const verdictAtUs = all.find(({ type }) => type === "verdict")?.atUs ?? Number.NaN;
const recorded: RecordedRun = {
  events: all.slice(0, 1 + all.findIndex(({ type, atUs }) => type === "phase" && atUs > verdictAtUs)),
  described:
    describedFile === undefined ? [] : (JSON.parse(readFileSync(describedFile, "utf8")) as HostDescription).resources,
  logs: Object.fromEntries(
    readdirSync(runFolder.logs(run))
      .filter((file) => file !== NOT_KEPT)
      .map((file) => [basename(file, ".log"), readFileSync(join(runFolder.logs(run), file), "utf8")]),
  ),
};
const project = dirname(dirname(dirname(run)));
const text = JSON.stringify(recorded).replaceAll(project, "/home/ada/shop");
writeFileSync(join(SCREENS, "recorded", `${name}.json.gz`), gzipSync(text, { level: 9 }));
