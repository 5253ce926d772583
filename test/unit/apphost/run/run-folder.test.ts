/** The folder of runs: what is kept, what the pointer says, who may read, and what is passed over. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRunningHosts } from "../../../../apphost/control/running-host.ts";
import {
  createRunFolder,
  createRunId,
  findFolderProblems,
  findRun,
  isHostAlive,
  isLeftBehind,
  listRuns,
  listRunsWithEvidence,
  RUNS_KEPT,
  readCredentials,
  readRunState,
  removeOldRuns,
  runIdOf,
  writeCredentials,
  writeState,
} from "../../../../apphost/run/run-folder.ts";
import type { RunEvidence } from "../../../../apphost/run/run-state.ts";
import { EVIDENCE, plantRun, stateOf } from "../../../support/run-states.ts";

const DEAD = { hostStartTime: "another start" };

let base = "";
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "flink-apphost-runs-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const nameOf = (second: number) => createRunId(new Date(Date.UTC(2030, 0, 1, 0, 0, second))).folder;

it("keeps the newest 20, any whose host still lives, and the one that was just made (D3)", () => {
  const made = createRunFolder(base, createRunId(new Date(Date.UTC(2000, 0))).folder);
  const living = plantRun(base, nameOf(0));
  const dead = plantRun(base, nameOf(1), DEAD);
  const stateless = plantRun(base, nameOf(2), null);
  const newest = Array.from({ length: RUNS_KEPT }, (_, i) => plantRun(base, nameOf(10 + i), null));
  expect(removeOldRuns(base, made)).toEqual([]);
  expect(listRuns(base)).toEqual([made, living, ...newest]);
  expect([dead, stateless].filter(existsSync)).toEqual([]);
});

it("leaves a run alone whose host was started where its processes cannot be seen, and names it (D5)", () => {
  const elsewhere = plantRun(base, nameOf(0), { hostView: "another machine" });
  const ended = plantRun(base, nameOf(1), { hostView: "another machine", ended: true });
  const states = [elsewhere, ended].map((run) => readRunState(run));
  expect(states.map((one) => one.kind === "read" && (isLeftBehind(one.state) || isHostAlive(one.state)))).toEqual([
    false,
    false,
  ]);
  expect(findFolderProblems(base)).toEqual([expect.stringContaining(`${elsewhere} is left as it is: `)]);
  for (let i = 0; i < RUNS_KEPT; i += 1) plantRun(base, nameOf(10 + i), null);
  removeOldRuns(base, "");
  expect([elsewhere, ended].filter(existsSync)).toEqual([elsewhere]);
});

describe("a copy of a project whose host lives (D6)", () => {
  const name = nameOf(0);
  let copy = "";
  beforeEach(() => {
    copy = `${base}-copy`;
  });
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  it("has no host, and the original keeps its own", () => {
    const run = plantRun(base, name, { runDir: join(base, "runs", name), children: [] });
    cpSync(base, copy, { recursive: true });
    for (const folder of [copy, join(copy, "runs"), join(copy, "runs", name)]) chmodSync(folder, 0o700);
    const hostsIn = (folder: string) => findRunningHosts(folder).map(({ runDir }) => runDir);
    expect([hostsIn(base), hostsIn(copy)]).toEqual([[run], []]);
  });

  it("is none when the project was moved", () => {
    plantRun(base, name, { runDir: join(base, "runs", name) });
    renameSync(base, copy);
    expect(findRunningHosts(copy)).toHaveLength(1);
    // Another project where the first one was: its record has another token.
    plantRun(base, name, { token: "another" });
    expect(findRunningHosts(copy)).toHaveLength(1);
  });
});

it("repeats no sign of a link that would speak to a terminal, or pass for a line of its own", () => {
  plantRun(base, nameOf(0));
  symlinkSync("evil\u001b[2J\nrun 1 PASSED", join(base, "latest"));
  expect(findFolderProblems(base)).toEqual([
    expect.stringContaining("evil\\u001b[2J\\u000arun 1 PASSED, which is not there"),
  ]);
});

it("takes a record without a place, as earlier versions wrote it, for one of this place", () => {
  const run = plantRun(base, nameOf(0), { hostView: null, ...DEAD });
  const reading = readRunState(run);
  expect(reading.kind === "read" && isLeftBehind(reading.state)).toBe(true);
  expect(findFolderProblems(base)).toEqual([]);
});

it("takes a record that knows no warm-up, as earlier versions wrote it, for one of a run without", () => {
  const { warmUpTopic: _unknown, ...earlier } = { ...EVIDENCE, kafka: "127.0.0.1:9092" };
  const run = plantRun(base, nameOf(0), { evidence: earlier as RunEvidence });
  const reading = readRunState(run);
  expect(reading.kind === "read" && reading.state.evidence).toEqual({ ...earlier, warmUpTopic: null });
});

it("keeps of an older run that left something elsewhere its record alone, until it was purged (D3)", () => {
  const plantFull = (second: number, evidence: RunEvidence) => {
    const run = plantRun(base, nameOf(second), { ...DEAD, ended: true, evidence });
    mkdirSync(join(run, "logs"));
    for (const name of ["credentials", "events.ndjson", "logs/kafka.log", ".gitignore"]) {
      writeFileSync(join(run, name), "x", { mode: 0o600 });
    }
    return run;
  };
  const onKafka = plantFull(0, { ...EVIDENCE, kafka: "127.0.0.1:9092" });
  const onRedis = plantFull(1, { ...EVIDENCE, redis: "127.0.0.1:6379" });
  const onNone = plantFull(2, EVIDENCE);
  const newest = Array.from({ length: RUNS_KEPT }, (_, i) => plantRun(base, nameOf(10 + i), DEAD));
  // The second time finds nothing to do.
  for (const _ of ["first", "again"]) {
    expect(removeOldRuns(base, newest.at(-1) ?? "")).toEqual([]);
    expect(listRuns(base)).toEqual([onKafka, onRedis, ...newest]);
    expect(existsSync(onNone)).toBe(false);
    for (const run of [onKafka, onRedis]) {
      expect(readdirSync(run).sort()).toEqual([".gitignore", "credentials", "state.json"]);
    }
  }
  expect(listRunsWithEvidence(base).map(({ runDir }) => runDir)).toEqual([onKafka, onRedis]);
  writeState(onKafka, stateOf(runIdOf(onKafka), { ...DEAD, ended: true }));
  removeOldRuns(base, newest.at(-1) ?? "");
  expect(listRuns(base)).toEqual([onRedis, ...newest]);
});

it("points to the latest, and finds a run by its id", () => {
  const { runId, folder } = createRunId(new Date());
  const run = createRunFolder(base, folder);
  expect(basename(readlinkSync(join(base, "latest")))).toBe(folder);
  expect(findRun(base, null)).toBe(run);
  expect(findRun(base, runId)).toBe(run);
  expect(findRun(base, "ffffffff0")).toBeUndefined();
});

it("lets nobody else read (D1)", () => {
  const run = createRunFolder(base, createRunId(new Date()).folder);
  writeCredentials(run, "redis://:secret@127.0.0.1:6379");
  expect(statSync(run).mode & 0o777).toBe(0o700);
  expect(statSync(join(run, "credentials")).mode & 0o777).toBe(0o600);
  expect(readCredentials(run)).toBe("redis://:secret@127.0.0.1:6379");
});

it("makes a run in no folder that exists already: nothing that was there before is taken for the run's own", () => {
  const { folder } = createRunId(new Date());
  mkdirSync(join(base, "runs", folder), { recursive: true });
  expect(() => createRunFolder(base, folder)).toThrow(/cannot be written.*--run-dir/);
});

describe("what is not ours is passed over and named (D4)", () => {
  it.each([
    ["a base", (path: string) => path],
    ["a folder of runs", (path: string) => join(path, "runs")],
  ])("%s that others may write is refused", (_, find) => {
    plantRun(base, nameOf(1));
    chmodSync(find(base), 0o777);
    expect(listRuns(base)).toEqual([]);
    expect(() => createRunFolder(base, nameOf(2))).toThrow(
      /is not used: others may write it \(mode 777\); give --run-/,
    );
  });

  it("a link in the place of the runs, of one run, or of its record leads nowhere", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "flink-apphost-elsewhere-"));
    try {
      const run = plantRun(elsewhere, nameOf(1));
      symlinkSync(join(elsewhere, "runs"), join(base, "runs"));
      expect(listRuns(base)).toEqual([]);
      expect(() => createRunFolder(base, nameOf(3))).toThrow(/runs is not used: it is a symbolic link/);
      rmSync(join(base, "runs"));
      const own = plantRun(base, nameOf(2), null);
      symlinkSync(run, join(base, "runs", nameOf(1)));
      symlinkSync(join(run, "state.json"), join(own, "state.json"));
      expect(listRuns(base)).toEqual([own]);
      expect(readRunState(own)).toEqual({ kind: "refused", reason: "it is a symbolic link" });
      expect(findFolderProblems(base)).toEqual([
        expect.stringMatching(/runs\/\S+ is not used: it is a symbolic link$/),
        expect.stringMatching(/state\.json is not used: it is a symbolic link$/),
      ]);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it.each([
    ["{}", /schema is missing, expected 1 to 1/],
    ["[1]", /it is \[1\], expected an object/],
    ["null", /it is null, expected an object/],
    ["", /it is not JSON/],
    [JSON.stringify({ ...stateOf("00000001"), hostPid: undefined }), /hostPid is missing, expected a whole number/],
    [JSON.stringify({ ...stateOf("00000001"), hostPid: -1 }), /hostPid is -1, expected a whole number/],
    [JSON.stringify(stateOf("00000002")), /runId is "00000002", expected a text that matches \^00000001\$/],
    [JSON.stringify({ ...stateOf("00000001"), children: [{ pid: 1 }] }), /children\[0\]\.name is missing, expected/],
  ])("a record %s is malformed, and says where", (text, reason) => {
    const run = plantRun(base, "20300101T000001Z-00000001", null);
    writeFileSync(join(run, "state.json"), text, { mode: 0o600 });
    expect(readRunState(run)).toEqual({ kind: "refused", reason: expect.stringMatching(reason) });
    expect(findFolderProblems(base)).toEqual([expect.stringMatching(reason)]);
  });

  it("a pointer to elsewhere, or that is none, is not followed: the newest run is meant", () => {
    const newest = plantRun(base, nameOf(1));
    for (const target of ["/etc", "runs/missing"]) {
      symlinkSync(target, join(base, "latest"));
      expect(findRun(base, null)).toBe(newest);
      rmSync(join(base, "latest"));
    }
    mkdirSync(join(base, "latest"));
    expect(findRun(base, null)).toBe(newest);
    expect(findFolderProblems(base)).toEqual([expect.stringMatching(/latest is not used: it is no link to a run$/)]);
    const made = createRunFolder(base, createRunId(new Date(Date.UTC(2031, 0))).folder);
    expect(findRun(base, null)).toBe(made);
  });
});
