/**
 * A host as a process of a session of its own: detached for good, or owned by the terminal that shows its dashboard.
 *
 * P1 What it says goes to a file of ours, which becomes the run's `logs/host.log` once there is a run.
 * P2 Its arguments are for all users of the machine to read for as long as it lives, so the password of a Redis goes by
 *    its variable.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { formatRedisAddress } from "../../simulator/common/foundation/address.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { OWNED_BY_CHANNEL } from "../control/owner.ts";
import { makeFolders, temporaryNameOf } from "../files/own-files.ts";
import type { HostOptions } from "../options.ts";
import { entryPoint } from "../processes/entry-point.ts";

const LAST_LINES = 20;

export const nameHostLog = (base: string): string => temporaryNameOf(resolve(base, "host.log"));

export interface HostProcessOptions {
  readonly logPath: string;
  /** With a channel to this process: see `control/owner.ts`. */
  readonly isOwned: boolean;
}

/** `args` are those of this command; the host that is started is the one that stays. */
export function startHostProcess(
  args: readonly string[],
  { redis }: HostOptions,
  { logPath, isOwned }: HostProcessOptions,
): ChildProcess {
  const log = openLog(logPath);
  const own = withoutRedis(args.filter((arg) => arg !== "--detach"));
  const command = [...process.execArgv, entryPoint("apphost/main"), ...own, "--ui", "plain"];
  try {
    return spawn(process.execPath, command, {
      detached: true,
      stdio: isOwned ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
      env: {
        ...process.env,
        ...(isOwned ? OWNED_BY_CHANNEL : {}),
        FLINK_APPHOST_DETACH: "",
        FLINK_APPHOST_REDIS: redis === null ? "" : formatRedisAddress(redis),
      },
    });
  } finally {
    closeSync(log);
  }
}

/** Without `--redis URL` and `--redis=URL`. */
export const withoutRedis = (args: readonly string[]): string[] =>
  args.filter((arg, index) => arg !== "--redis" && args[index - 1] !== "--redis" && !arg.startsWith("--redis="));

function openLog(path: string): number {
  try {
    makeFolders(dirname(path));
    return openSync(path, "ax", 0o600);
  } catch (error) {
    throw createError("RUN_FOLDER_FAILED", { path: dirname(path) }, error);
  }
}

export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

export const readLastLines = (path: string): string[] =>
  readFileSync(path, "utf8").trimEnd().split("\n").slice(-LAST_LINES);
