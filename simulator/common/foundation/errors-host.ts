import { row } from "./error-row.ts";

/** Errors of options, of processes, and of waiting. */
export const hostErrors = {
  USAGE_OPTION_INVALID: row<{ option: string; value: string; expected: string }>(
    "usage",
    false,
    (p) => `${p.option} is "${p.value}": expected ${p.expected}`,
  ),
  USAGE_CONFLICT: row<{ what: string; advice: string }>("usage", false, (p) => `${p.what}; ${p.advice}`),
  USAGE_OPTION_UNKNOWN: row<{ option: string; nearest: string | null; verb: string }>("usage", false, (p) => {
    const advice =
      p.nearest === null ? `"flink-apphost help ${p.verb}" lists those it has` : `did you mean ${p.nearest}?`;
    return `unknown option '${p.option}' of ${p.verb}: ${advice}`;
  }),
  CURRENT_FOLDER_MISSING: row<Record<never, never>>(
    "usage",
    false,
    () => "the current folder was removed or moved: change to one that is there, and try again",
  ),
  USAGE_VERB_UNKNOWN: row<{ verb: string; nearest: string | null }>(
    "usage",
    false,
    (p) =>
      `unknown command '${p.verb}': ${p.nearest === null ? '"flink-apphost help" lists all' : `did you mean ${p.nearest}?`}`,
  ),
  USAGE_OPTION_MISSING: row<{ option: string; expected: string }>(
    "usage",
    false,
    (p) => `${p.option} is missing: expected ${p.expected}`,
  ),
  USAGE_ARGUMENT_UNEXPECTED: row<{ argument: string; verb: string; usage: string }>(
    "usage",
    false,
    (p) => `unexpected argument '${p.argument}': the usage is "flink-apphost ${p.verb} ${p.usage}"`,
  ),
  USAGE_ARGUMENT_MISSING: row<{ argument: string; verb: string; usage: string }>(
    "usage",
    false,
    (p) => `${p.argument} is missing: the usage is "flink-apphost ${p.verb} ${p.usage}"`,
  ),
  /** Each problem with its own message. */
  USAGE_SEVERAL: row<{ problems: readonly string[] }>(
    "usage",
    false,
    (p) =>
      `${p.problems.length} problems, and nothing was done:${p.problems.map((problem) => `\n  - ${problem}`).join("")}`,
  ),
  APPHOST_NOT_LOADED: row<{ file: string; reason: string }>(
    "usage",
    false,
    (p) => `${p.file} cannot be used as an app host: ${p.reason}`,
  ),
  EXPECTATION_NOT_LOADED: row<{ file: string; reason: string }>(
    "usage",
    false,
    (p) => `${p.file} cannot be used as an expectation: ${p.reason}`,
  ),
  APPHOST_INVALID: row<{ source: string; problems: readonly string[] }>("usage", false, (p) => {
    const count = p.problems.length === 1 ? "a problem" : `${p.problems.length} problems`;
    return `${p.source} has ${count}, and nothing was started:${p.problems.map((problem) => `\n  - ${problem}`).join("")}`;
  }),
  PROCESS_UNHEALTHY: row<{ resource: string; url: string; deadlineMs: number; last: string; lastLines: string }>(
    "job",
    false,
    (p) =>
      `${p.resource} is running, but ${p.url} did not answer with 2xx within ${p.deadlineMs} ms (last: ${p.last})` +
      `${p.lastLines === "" ? "" : `; its last lines:\n${p.lastLines}`}`,
  ),
  RUN_ENDED: row<{ what: string; exitCode: number; reasons: readonly string[] }>(
    "job",
    false,
    (p) => `the run ended with exit code ${p.exitCode} before ${p.what}: ${p.reasons.join("; ")}`,
  ),
  ENVIRONMENT_MISSING: row<{ name: string }>(
    "unexpected",
    false,
    (p) => `${p.name} is not set: this program is started by flink-apphost, which sets it`,
  ),
  DEADLINE_EXCEEDED: row<{ what: string; deadlineMs: number; last: string }>(
    "infrastructure",
    true,
    (p) => `${p.what} took longer than ${p.deadlineMs} ms${p.last === "" ? "" : ` (last: ${p.last})`}`,
  ),
  PROCESS_HUNG: row<{ resource: string; silentMs: number }>(
    "infrastructure",
    false,
    (p) => `${p.resource} hung: it gave no answer for ${p.silentMs} ms, and was killed`,
  ),
  CHILD_EXITED: row<{ resource: string; how: string; lastLines: string }>(
    "infrastructure",
    false,
    (p) => `${p.resource} ended ${p.how}${p.lastLines === "" ? "" : `; its last lines:\n${p.lastLines}`}`,
  ),
  INFRASTRUCTURE_UNAVAILABLE: row<{ resource: string; mode: string; reason: string }>(
    "infrastructure",
    false,
    (p) => `${p.resource} cannot run in mode ${p.mode}: ${p.reason}`,
  ),
  ENGINE_CALL_FAILED: row<{ call: string }>("infrastructure", false, (p) => `the container engine could not ${p.call}`),
  FLINK_SILENT: row<{ url: string; silentMs: number; last: string }>(
    "infrastructure",
    false,
    (p) =>
      `Flink at ${p.url} gave no answer for ${p.silentMs} ms (last: ${p.last}): see that it runs and can be reached from here, and begin another run`,
  ),
  USER_JOB_INVALID: row<{ source: string; problems: readonly string[] }>("usage", false, (p) => {
    const count = p.problems.length === 1 ? "a problem" : `${p.problems.length} problems`;
    return `${p.source} has ${count}, and nothing was started:${p.problems.map((problem) => `\n  - ${problem}`).join("")}`;
  }),
  USER_JOB_REFUSED: row<{ source: string; line: number; reason: string }>(
    "job",
    false,
    (p) => `Flink refused the statement that begins in line ${p.line} of ${p.source}: ${p.reason}`,
  ),
  USER_JOB_ABSENT: row<{ source: string; jobId: string }>(
    "job",
    false,
    (p) =>
      `${p.source} was executed, and submitted no job ${p.jobId}: it must leave pipeline.name and the job's id as they are, and end with one INSERT INTO or STATEMENT SET`,
  ),
  JAR_REFUSED: row<{ call: "upload" | "run"; status: number; reason: string }>(
    "job",
    false,
    (p) => `Flink refused to ${p.call} the jar (status ${p.status}): ${p.reason}`,
  ),
  SQL_REFUSED: row<{ status: number; reason: string }>(
    "job",
    false,
    (p) => `Flink's SQL Gateway refused a statement or a session (status ${p.status}): ${p.reason}`,
  ),
  CONTAINER_NOT_STARTED: row<{ resource: string; image: string; reason: string }>(
    "infrastructure",
    false,
    (p) => `the container ${p.resource} of image ${p.image} could not be started: ${p.reason}`,
  ),
  CONTAINER_LOST: row<{ resource: string; reason: string; lastLines: string }>(
    "infrastructure",
    false,
    (p) =>
      `the container of ${p.resource} is out of reach (${p.reason}): check that its engine is running, and who removed it; "flink-apphost down" then removes what is left${p.lastLines === "" ? "" : `; its last lines:\n${p.lastLines}`}`,
  ),
  RUN_FOLDER_FAILED: row<{ path: string }>(
    "infrastructure",
    false,
    (p) =>
      `${p.path} cannot be written: make room on that disk if it is full, or give another --run-dir that this user may write`,
  ),
  PORT_TAKEN: row<{ port: number; usedBy: string; code: string }>(
    "infrastructure",
    false,
    (p) =>
      `port ${p.port}, which --fixed-ports gives to ${p.usedBy}, cannot be listened on (${p.code}): end the program that uses it, or omit --fixed-ports`,
  ),
  SERVER_NOT_READY: row<{ resource: string; reason: string; lastLines: string }>(
    "infrastructure",
    true,
    (p) => `${p.resource} was started and did not get ready: ${p.reason}; its last lines:\n${p.lastLines}`,
  ),
  SERVER_LOST: row<{ resource: string; how: string; advice: string; lastLines: string }>(
    "infrastructure",
    false,
    (p) => `${p.resource} ended ${p.how}: ${p.advice}${p.lastLines === "" ? "" : `; its last lines:\n${p.lastLines}`}`,
  ),
  SERVER_RESTARTS_EXCEEDED: row<{
    resource: string;
    restarts: number;
    windowMs: number;
    how: string;
    lastLines: string;
  }>(
    "infrastructure",
    false,
    (p) =>
      `${p.resource} was restarted ${p.restarts} times within ${p.windowMs} ms, and ended again: ${p.how}; its last lines:\n${p.lastLines}`,
  ),
  RESTARTS_EXCEEDED: row<{ resource: string; restarts: number; windowMs: number; how: string; lastLines: string }>(
    "job",
    false,
    (p) =>
      `${p.resource} was restarted ${p.restarts} times within ${p.windowMs} ms, and ended again: ${p.how}; its last lines:\n${p.lastLines}`,
  ),
  TOPIC_REFUSED: row<{ topic: string; reason: string; advice: string }>(
    "usage",
    false,
    (p) => `topic ${p.topic} cannot be used: ${p.reason}; ${p.advice}`,
  ),
  NO_RUNNING_HOST: row<{ folder: string }>(
    "usage",
    false,
    (p) => `no running host found in ${p.folder}: start one with "flink-apphost up", or give the --run-dir of another`,
  ),
  CONTROL_REFUSED: row<{ request: string; reason: string }>(
    "usage",
    false,
    (p) => `the running host refused ${p.request}: ${p.reason}`,
  ),
  CONTROL_LOST: row<{ request: string }>(
    "unexpected",
    true,
    (p) => `the running host ended before it answered ${p.request}: its events.ndjson says why`,
  ),
  ASKED_TO_STOP: row<{ signal: string }>("unexpected", false, (p) => `asked to stop by ${p.signal}`),
  JOB_MANAGER_REFUSED: row<{ call: string; status: number; body: string }>(
    "job",
    true,
    (p) => `the JobManager answered ${p.call} with HTTP ${p.status}: ${p.body}`,
  ),
  CHILD_FAILED: row<{ resource: string; message: string }>("unexpected", false, (p) => `${p.resource}: ${p.message}`),
  ASSERTION_FAILED: row<{ what: string }>(
    "unexpected",
    false,
    (p) => `an assumption of this program failed: ${p.what}; please report it with the run's logs`,
  ),
};
