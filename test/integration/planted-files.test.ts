/**
 * A `.flink-apphost` that somebody else wrote, as a cloned project or another user's folder brings it: no verb deletes or
 * kills by it, none is blocked by it, and each names what it passes over. As root and as another user.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStartTime } from "../../apphost/processes/process-identity.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { type CliResult, runCli } from "../support/run-cli.ts";
import { plantRun, stateOf } from "../support/run-states.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const OWN = process.getuid?.() ?? 0;
/** Somebody who is not the user of the command. */
const strangerOf = (uid: number): number => (uid === NOBODY ? OWN : NOBODY);
const USERS: readonly (readonly [string, number])[] = isRoot
  ? [
      ["root", OWN],
      ["another user", NOBODY],
    ]
  : [["this user", OWN]];
const RUN = "0d437693";
const NAME = `20300101T000000Z-${RUN}`;
const SMALL = ["--infra", "embedded", "--task-managers", "1", "--partitions", "1", "--ui", "plain"];
/** What `up` and `down` do by themselves to what a dead host left. */
const VERBS = [["down"], ["up", "--once", "--messages", "10", ...SMALL]] as const;

let project = "";
let base = "";
let victims = "";
let sleeper: ChildProcess;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "flink-apphost-planted-"));
  base = join(project, ".flink-apphost");
  victims = mkdtempSync(join(tmpdir(), "flink-apphost-victims-"));
  for (const name of ["home", "runs"]) mkdirSync(join(victims, name));
  mkdirSync(join(victims, "home", "data"));
  for (const path of ["file", "home/precious", "home/data/precious", "runs/precious"])
    writeFileSync(join(victims, path), "");
});
afterEach(() => {
  sleeper?.kill("SIGKILL");
  rmSync(project, { recursive: true, force: true });
  rmSync(victims, { recursive: true, force: true });
});

/** Everything of the project, as a clone by that user would have it: files, and links as links. */
function give(folder: string, uid: number): void {
  if (!isRoot) return;
  for (const path of [
    folder,
    ...readdirSync(folder, { recursive: true, encoding: "utf8" }).map((one) => join(folder, one)),
  ]) {
    if (!lstatSync(path).isSymbolicLink()) chownSync(path, uid, uid);
  }
}

/** As user: `cwd` is a folder of that user's project. */
const runAs = (uid: number, args: readonly string[], cwd = project): Promise<CliResult> =>
  runCli(args, { cwd, env: { HOME: project, XDG_RUNTIME_DIR: "" }, ...(isRoot ? { uid } : {}), deadlineMs: 60_000 });

/** A process of that user that was not asked. */
async function startSleeper(uid: number): Promise<{ name: string; pid: number; startTime: string }> {
  sleeper = spawn("/bin/sleep", ["120"], {
    stdio: "ignore",
    detached: true,
    env: { PATH: "/bin" },
    ...(isRoot ? { uid, gid: uid } : {}),
  });
  await once(sleeper, "spawn");
  const pid = sleeper.pid as number;
  return { name: "kafka", pid, startTime: readStartTime(pid) as string };
}

function expectUntouched(): void {
  expect(readdirSync(victims, { recursive: true }).sort()).toEqual(
    ["file", "home", "home/data", "home/data/precious", "home/precious", "runs", "runs/precious"].sort(),
  );
  expect(sleeper.exitCode ?? sleeper.signalCode).toBeNull();
}

/** The record of a dead host that names everything it can: files, folders, links, processes. */
async function plantRecord(runDir: string, uid: number): Promise<void> {
  // It could delete them, if it were told to.
  give(victims, uid);
  const paths = [join(victims, "file"), join(victims, "home"), join(victims, "runs"), "/nonexistent"];
  const record = {
    ...stateOf(RUN, {
      hostStartTime: "1",
      hostView: null,
      children: [await startSleeper(uid)],
      socket: join(victims, "file"),
    }),
    paths,
  };
  writeFileSync(runFolder.state(runDir), JSON.stringify(record), { mode: 0o600 });
}

describe.each(USERS)("as %s, a planted record", (_, uid) => {
  it.each(VERBS)("of the same user, as a clone brings it, deletes and kills nothing: %s", async (...args) => {
    await plantRecord(plantRun(base, NAME, null), uid);
    give(project, uid);
    const { exitCode, stdout, stderr } = await runAs(uid, args);
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toContain(`swept run ${RUN}, whose host had died: 0 processes killed`);
    expectUntouched();
  });

  it("of a host on another machine or in another container is left as it is, and named", async () => {
    const run = plantRun(base, NAME, { hostStartTime: "1", hostView: "another machine" });
    mkdirSync(join(run, "data"), { mode: 0o700 });
    writeFileSync(join(run, "data", "precious"), "", { mode: 0o600 });
    await startSleeper(uid);
    give(project, uid);
    for (const args of VERBS) {
      const { exitCode, stdout, stderr } = await runAs(uid, args);
      expect(exitCode, stdout + stderr).toBe(0);
      expect(stdout + stderr).toContain(`${NAME} is left as it is: its host was started on another machine`);
      expect(readdirSync(join(run, "data"))).toEqual(["precious"]);
    }
    expect(JSON.parse(readFileSync(runFolder.state(run), "utf8"))).toMatchObject({ ended: false });
    expectUntouched();
  });

  it("behind links deletes and kills nothing, and is named", async () => {
    // A run that is a link to a folder with data, and one whose data is a link.
    mkdirSync(join(base, "runs"), { recursive: true, mode: 0o700 });
    symlinkSync(join(victims, "home"), join(base, "runs", `20300101T000001Z-${RUN}`));
    const run = plantRun(base, NAME, null);
    await plantRecord(run, uid);
    symlinkSync(join(victims, "home"), join(run, "data"));
    symlinkSync(join(victims, "runs"), join(base, "latest"));
    give(project, uid);
    const { exitCode, stdout, stderr } = await runAs(uid, ["down"]);
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout + stderr).toContain(`20300101T000001Z-${RUN} is not used: it is a symbolic link`);
    expectUntouched();
  });

  it("with folders of runs that are links is refused: 2", async () => {
    mkdirSync(base, { mode: 0o700 });
    await plantRecord(plantRun(join(victims, "home"), NAME, null), uid);
    symlinkSync(join(victims, "home", "runs"), join(base, "runs"));
    give(project, uid);
    for (const args of [["down"], ["up", "--once", "--messages", "10", ...SMALL], ["ps"]]) {
      const { exitCode, stderr } = await runAs(uid, args);
      expect(exitCode, stderr).toBe(2);
      expect(stderr).toContain("runs is not used: it is a symbolic link; give --run-dir a folder that is yours alone");
    }
    expect(existsSync(join(victims, "home", "runs", NAME, "state.json"))).toBe(true);
    rmSync(join(victims, "home", "runs"), { recursive: true });
    expectUntouched();
  });

  it("that others may write is refused, and named by doctor", async () => {
    await plantRecord(plantRun(base, NAME, null), uid);
    give(project, uid);
    chmodSync(base, 0o777);
    const { exitCode, stderr } = await runAs(uid, ["down"]);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain("is not used: others may write it (mode 777)");
    const doctor = await runAs(uid, ["doctor", "--format", "json", "--infra", "embedded"]);
    expect(doctor.exitCode, doctor.stdout).toBe(1);
    expect(doctor.stdout).toContain("others may write it (mode 777)");
    expectUntouched();
  });

  it("and whatever else is malformed blocks nothing, and is named with its path; no error is one of JavaScript", async () => {
    const texts = ["{}", "null", "[]", "{", JSON.stringify({ ...stateOf(RUN), children: 5 })];
    for (const [index, text] of texts.entries()) {
      const run = plantRun(base, `2030010${index + 1}T000000Z-0000000${index}`, null);
      writeFileSync(runFolder.state(run), text, { mode: 0o600 });
      writeFileSync(runFolder.report(run), text, { mode: 0o600 });
    }
    writeFileSync(join(base, "host-7"), "{}", { mode: 0o600 });
    mkdirSync(join(base, "latest"));
    await startSleeper(uid);
    give(project, uid);
    for (const args of [
      ["ps"],
      ["down"],
      ["describe"],
      ["logs"],
      ["doctor"],
      ["up", "--once", "--messages", "10", ...SMALL],
    ]) {
      const { exitCode, stdout, stderr } = await runAs(uid, args);
      const output = stdout + stderr;
      expect([0, 7], `${args[0]}: ${output}`).toContain(exitCode);
      expect(output).not.toMatch(/undefined|NaN|TypeError|SyntaxError|Unexpected|is not a function|at file:/);
      if (args[0] === "doctor") continue;
      for (const name of ["host-7", "latest", ...texts.map((_text, index) => `0000000${index}/state.json`)]) {
        expect(output, args[0]).toContain(`${name} is not used: `);
      }
    }
    expectUntouched();
  });
});

describe.skipIf(!isRoot).each(USERS)("as %s (only root can make files of two users)", (_, uid) => {
  it("a folder of another user further up is refused by every verb that looks upwards: 2", async () => {
    await plantRecord(plantRun(base, NAME, null), uid);
    chmodSync(project, 0o755);
    const below = join(project, "below");
    mkdirSync(below);
    give(project, strangerOf(uid));
    chownSync(below, uid, uid);
    for (const verb of [
      "ps",
      "describe",
      "logs",
      "env",
      "report",
      "down",
      "produce",
      "wait",
      "stop",
      "start",
      "restart",
    ]) {
      const more = {
        produce: ["--messages", "1"],
        wait: ["kafka"],
        stop: ["kafka"],
        start: ["kafka"],
        restart: ["kafka"],
      };
      const { exitCode, stdout, stderr } = await runAs(uid, [verb, ...(more[verb as keyof typeof more] ?? [])], below);
      expect(exitCode, `${verb}: ${stdout}${stderr}`).toBe(2);
      expect(stderr).toContain(`${base} is not used: it belongs to user ${strangerOf(uid)}, and this is user ${uid}`);
    }
    expectUntouched();
    expect(existsSync(join(base, "runs", NAME, "state.json"))).toBe(true);
  });

  it("a run of another user among one's own is passed over and named, and left as it is", async () => {
    const run = plantRun(base, NAME, null);
    await plantRecord(run, uid);
    writeFileSync(join(base, "host-3"), JSON.stringify({ pid: process.pid, startTime: readStartTime(process.pid) }));
    give(project, uid);
    give(run, strangerOf(uid));
    chownSync(join(base, "host-3"), strangerOf(uid), strangerOf(uid));
    for (const args of VERBS) {
      const { exitCode, stdout, stderr } = await runAs(uid, args);
      expect(exitCode, stdout + stderr).toBe(0);
      expect(stdout + stderr).toContain(`${run} is not used: it belongs to user ${strangerOf(uid)}`);
      expect(stdout + stderr).toContain(`host-3 is not used: it belongs to user ${strangerOf(uid)}`);
    }
    expect(readdirSync(run)).toEqual(["state.json"]);
    expectUntouched();
  });
});

describe("code and texts that lie where a host looks", () => {
  it("a compile cache beside the runs is not used: Node would run what is in it", async () => {
    const { exitCode, stderr } = await runAs(OWN, ["up", "--once", "--messages", "10", ...SMALL]);
    expect(exitCode, stderr).toBe(0);
    expect(readdirSync(base).sort()).toEqual(["host-1", "latest", "runs"]);
  });

  it("a link under a temporary name of ours is not written through", async () => {
    const run = plantRun(base, NAME, { hostStartTime: "1" });
    const victim = join(victims, "file");
    symlinkSync(victim, join(run, "state.json.tmp"));
    await startSleeper(OWN);
    const { exitCode, stdout, stderr } = await runAs(OWN, ["down"]);
    expect(exitCode, stdout + stderr).toBe(0);
    expect(readFileSync(victim, "utf8")).toBe("");
    expect(JSON.parse(readFileSync(runFolder.state(run), "utf8"))).toMatchObject({ ended: true });
    expectUntouched();
  });

  it("a process that only carries the id of a planted run is no process of that run", async () => {
    plantRun(base, NAME, { hostStartTime: "1" });
    sleeper = spawn("/bin/sleep", ["120"], { stdio: "ignore", detached: true, env: { [ENV.run]: RUN } });
    await once(sleeper, "spawn");
    const { exitCode, stdout } = await runAs(OWN, ["down"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`swept run ${RUN}, whose host had died: 0 processes killed`);
    expectUntouched();
  });
});

/** Y3 of `orchestrator/dead-hosts.ts`. */
describe("a record that nothing here can end is given up by name", () => {
  const down = (...args: string[]) => runCli(["down", ...args], { cwd: project });

  it("of an engine that is gone: what may be in it is named, with how to forget it", async () => {
    plantRun(base, NAME, { hostStartTime: "1", engine: "tcp://192.0.2.1:2375" });
    const { exitCode, stderr } = await down();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `perhaps containers flink-apphost-${RUN}-… with their volumes, and network flink-apphost-${RUN}`,
    );
    expect(stderr).toContain(`in the engine at tcp://192.0.2.1:2375: `);
    expect(stderr).toContain(`if it is gone for good: flink-apphost down --run ${RUN} --forget\n`);
    const forgotten = await down("--run", RUN, "--forget");
    expect(forgotten).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("; given up: containers ") });
    expect(await down()).toMatchObject({ exitCode: 0, stdout: "" });
  });

  it("of a host in a container that is gone: its data stay, and it is named no more", async () => {
    const run = plantRun(base, NAME, { hostStartTime: "1", hostView: "another machine" });
    mkdirSync(join(run, "data"), { mode: 0o700 });
    expect(await down("--run", RUN, "--forget")).toMatchObject({ exitCode: 2 });
    const anHourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(runFolder.state(run), anHourAgo, anHourAgo);
    const { exitCode, stdout, stderr } = await down("--run", RUN, "--forget");
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("counts as ended") });
    expect(stderr).toContain(`if that is gone: flink-apphost down --run ${RUN} --forget`);
    expect((await down()).stderr).not.toContain("is left as it is");
    expect(readdirSync(run)).toContain("data");
  });
});
