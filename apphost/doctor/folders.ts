/** The run folder and its disk, the engine's disk, and the place of the control socket. Nothing is created. */
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { controlSocketPath, findSocketFolderProblem, SOCKET_PATH_BYTES_MAX } from "../files/socket-files.ts";
import type { HostOptions } from "../options.ts";
import { findBaseRefusal, findFolderProblems } from "../run/run-folder.ts";
import { topicBytes } from "../topic-size.ts";
import { type CheckPlan, type Finding, failed, ok, warning } from "./check.ts";
import type { ServerModes } from "./lookups.ts";
import { formatBytes, judgeRoom } from "./room.ts";

const MEBIBYTE = 1_048_576;
/** Logs, events, metrics and checkpoints of a run: a tenth of that was seen with 20 TaskManagers. */
const EVIDENCE_BYTES = 32 * MEBIBYTE;
/** An append-only file is rewritten when it has grown to 64 MiB. */
const REDIS_BYTES = 64 * MEBIBYTE;
const FIX_ROOM = "make room on that disk, give another --run-dir, or fewer --messages";

export function planFolderChecks(context: {
  readonly options: HostOptions;
  readonly modes: () => Promise<ServerModes>;
  /** Where a container engine on this machine keeps its data; undefined when that cannot be told. */
  readonly engineFolder: () => Promise<string | undefined>;
}): CheckPlan[] {
  const { options } = context;
  const base = resolve(options.runDir);
  const plan = { neededFor: "every run", isAskedInfrastructure: false };
  return [
    { id: "run-folder", title: "Run folder", ...plan, examine: () => examineFolder(base) },
    {
      id: "disk",
      title: "Disk",
      ...plan,
      async examine() {
        const modes = await context.modes();
        return examineDisk(base, runFolderBytes(options, modes), "the run");
      },
    },
    {
      id: "engine-disk",
      title: "Engine's disk",
      ...plan,
      neededFor: "containers",
      async examine() {
        const [modes, folder] = await Promise.all([context.modes(), context.engineFolder()]);
        const neededBytes = dataBytes(options, modes, "docker");
        return folder === undefined || neededBytes === 0 ? null : examineDisk(folder, neededBytes, "the containers");
      },
    },
    { id: "control-socket", title: "Control socket", ...plan, examine: examineSocket },
  ];
}

/** What servers of this mode keep on disk. */
function dataBytes(options: HostOptions, modes: ServerModes, mode: "native" | "docker"): number {
  const kafkaBytes = modes.kafka === mode ? topicBytes(options, options.messages) : 0;
  return kafkaBytes + (modes.redis === mode ? REDIS_BYTES : 0);
}

/** Native servers keep their data in the run's folder. */
export const runFolderBytes = (options: HostOptions, modes: ServerModes): number =>
  EVIDENCE_BYTES + dataBytes(options, modes, "native");

/** The folder need not exist yet: then the nearest one above it must allow to create it. */
async function examineFolder(path: string): Promise<Finding> {
  const existing = await findExisting(path);
  const fix = `give another --run-dir, or make ${existing} writable for this user`;
  try {
    if (!(await stat(existing)).isDirectory()) return failed(path, `${existing} is a file`, "give another --run-dir");
    if (existing === path) return await examineBase(path);
    await access(existing, constants.W_OK | constants.X_OK);
    return ok(path, "it does not exist yet, and can be created");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failed(path, `nothing can be written in ${existing} (${code ?? String(error)})`, fix);
  }
}

/** One that others could fill is never used; what in it is malformed is only passed over. */
async function examineBase(base: string): Promise<Finding> {
  const refusal = findBaseRefusal(base);
  if (refusal !== undefined) {
    return failed(refusal.path, refusal.reason, "give --run-dir a folder that belongs to this user alone");
  }
  await access(base, constants.W_OK | constants.X_OK);
  const problems = findFolderProblems(base);
  if (problems.length === 0) return ok(base);
  return warning(base, problems.join("; "), "check who wrote that, and remove it");
}

async function findExisting(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const isThere = await stat(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
    if (isThere || dirname(folder) === folder) return folder;
  }
}

async function examineDisk(path: string, neededBytes: number, purpose: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await findExisting(path));
  const roomBytes = bavail * bsize;
  const found = `${formatBytes(roomBytes)} free, up to ${formatBytes(neededBytes)} for ${purpose} (${path})`;
  return judgeRoom({ neededBytes, roomBytes, found, lack: "the run would end with ENOSPC", fix: FIX_ROOM });
}

async function examineSocket(): Promise<Finding> {
  // Ids have one length, so any run's path is as good as the next one's.
  const path = controlSocketPath("00000000");
  const finding = judgeSocketPath(path);
  const problem = finding.result === "ok" ? findSocketFolderProblem() : null;
  return problem === null ? finding : failed(dirname(path), problem.what, problem.advice);
}

export function judgeSocketPath(path: string): Finding {
  const bytes = Buffer.byteLength(path);
  const found = `${bytes} bytes of at most ${SOCKET_PATH_BYTES_MAX}, in ${dirname(path)}`;
  if (bytes <= SOCKET_PATH_BYTES_MAX) return ok(found);
  return failed(found, "the system cannot open a socket of that path", "set TMPDIR to a shorter path");
}
