import { row } from "./error-row.ts";

/** Errors of the verbs that find, ask and end running hosts. */
export const verbErrors = {
  FOLDER_REFUSED: row<{ path: string; reason: string }>(
    "usage",
    false,
    (p) => `${p.path} is not used: ${p.reason}; give --run-dir a folder that is yours alone`,
  ),
  HOST_RUNS_ALREADY: row<{ run: string; pid: number; folder: string }>(
    "usage",
    false,
    (p) =>
      `a host is already running in ${p.folder}: ${p.run} (pid ${p.pid}); stop it with "flink-apphost down", or start another beside it with --isolated`,
  ),
  HOST_AMBIGUOUS: row<{ folder: string; hosts: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `${p.hosts.length} hosts run in ${p.folder}, and --run names none of them:\n${p.hosts.map((host) => `  ${host}`).join("\n")}`,
  ),
  RUN_NOT_RUNNING: row<{ run: string; folder: string }>(
    "usage",
    false,
    (p) => `run ${p.run} in ${p.folder} has ended, and no host answers for it: "flink-apphost ps" lists those that run`,
  ),
  OUTPUT_FAILED: row<Record<never, never>>(
    "infrastructure",
    false,
    () => "standard output cannot be written, and what it holds is not the whole answer",
  ),
  CONTROL_UNREACHABLE: row<{ run: string; pid: number; socket: string; waitedMs: number }>(
    "unexpected",
    true,
    (p) =>
      `the host of run ${p.run} (pid ${p.pid}) is alive, but did not answer at ${p.socket} for ${p.waitedMs} ms: is it stopped, or was its socket removed?`,
  ),
  RESOURCE_UNKNOWN: row<{ name: string; run: string; known: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `run ${p.run} has no resource or group "${p.name}": it has ${p.known.length === 0 ? "none" : p.known.join(", ")}`,
  ),
  WAIT_TIMED_OUT: row<{ status: string; timeoutMs: number; missing: readonly string[] }>(
    "infrastructure",
    true,
    (p) => `not ${p.status} within ${p.timeoutMs} ms: ${p.missing.join("; ")}`,
  ),
  WAIT_FAILED: row<{ status: string; why: string; missing: readonly string[] }>(
    "infrastructure",
    false,
    (p) => `will not be ${p.status}, because ${p.why}: ${p.missing.join("; ")}`,
  ),
  DOWN_INCOMPLETE: row<{ run: string; waitedMs: number; remaining: readonly string[]; advice: string }>(
    "unexpected",
    true,
    (p) => `run ${p.run} is not gone after ${p.waitedMs} ms: ${p.remaining.join(", ")}; ${p.advice}`,
  ),
  DETACHED_FAILED: row<{ how: string; lines: readonly string[] }>(
    "unexpected",
    false,
    (p) => `the detached host ended before its job ran (${p.how})${p.lines.map((line) => `\n  ${line}`).join("")}`,
  ),
  OUTPUT_REFUSED: row<{ path: string; reason: string }>(
    "usage",
    false,
    (p) => `${p.path} is not written: ${p.reason}; name a file that is new or may be replaced, in a folder that exists`,
  ),
  REPORT_MISSING: row<{ of: string }>(
    "usage",
    false,
    (p) => `there is no report of ${p.of}: one is written when a round was validated, or when the run has ended`,
  ),
  COMPARISON_REFUSED: row<{ what: string; differences: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `${p.what} cannot be compared, because they measured different things:${p.differences.map((difference) => `\n  ${difference}`).join("")}\ngive runs that are alike, or --force to compare them all the same`,
  ),
  BENCH_RESULT_MISSING: row<{ path: string }>(
    "usage",
    false,
    (p) => `there is no result of a bench at ${p.path}: "npm run bench" writes one, and its last line names it`,
  ),
  BENCH_CASE_UNKNOWN: row<{ id: string; known: readonly string[] }>(
    "usage",
    false,
    (p) => `--cases has "${p.id}": expected some of ${p.known.join(", ")}, which are those of the chosen suites`,
  ),
  BASELINE_REFUSED: row<{ run: string; verdict: string }>(
    "usage",
    false,
    (p) => `run ${p.run} is ${p.verdict}, and no baseline for others: save one that passed`,
  ),
  PUBLISH_REFUSED: row<{ folder: string; files: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `in ${p.folder} are files that this verb did not write, or that were changed since: ${p.files.join(", ")}; nothing was written: give --out another folder, or --force to replace them`,
  ),
  PACKAGE_NOT_PACKED: row<{ reason: string }>(
    "infrastructure",
    false,
    (p) => `this package cannot be packed (${p.reason}); give its tarball by --package FILE`,
  ),
  OUTPUT_FILE_FAILED: row<{ path: string }>(
    "infrastructure",
    false,
    (p) => `${p.path} cannot be written: give the path of a file in a folder that is there and yours`,
  ),
};
