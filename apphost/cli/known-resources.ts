/** Which names of resources a verb may be completed with: those of the host that runs here, or else of the newest run's logs. */
import { askRunningHost, findBase, findRunningHosts, readRunningHost } from "../control/running-host.ts";
import { listLogs } from "../logs/log-files.ts";
import type { HostDescription } from "../model/description.ts";
import { findRun } from "../run/run-folder.ts";

/** Somebody who pressed a key waits for it. */
const ANSWER_MS_MAX = 2_000;
/** What only standing resources can be asked to do. */
const STANDING_VERBS: readonly (string | undefined)[] = ["start", "stop", "restart"];

/** `words`: the command line so far; its --run-dir and --run say which host. */
export async function listKnownResources(words: readonly string[]): Promise<readonly string[]> {
  const base = readTyped(words, "--run-dir") ?? process.env["FLINK_APPHOST_RUN_DIR"] ?? findBase(process.cwd());
  const run = readTyped(words, "--run");
  const runDir = run === undefined ? undefined : findRun(base, run);
  const [host, ...others] = runDir === undefined ? findRunningHosts(base) : readRunningHost(runDir);
  if (host === undefined || others.length > 0) {
    const newest = runDir ?? findRun(base, null);
    return words[0] === "logs" && newest !== undefined ? listLogs(newest) : [];
  }
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const answer = await askRunningHost(host, { request: "describe", showSecrets: false }, { signal });
  const resources = (answer as HostDescription).resources.filter(
    ({ properties }) => !STANDING_VERBS.includes(words[0]) || properties.life === "standing",
  );
  const groups = resources.flatMap(({ properties }) => properties.group ?? []);
  return [...new Set([...groups, ...resources.map(({ name }) => name)])];
}

/** The value of an option in an unfinished command line. */
function readTyped(words: readonly string[], flag: string): string | undefined {
  const index = words.indexOf(flag);
  const assigned = words.find((word) => word.startsWith(`${flag}=`));
  return index >= 0 ? words[index + 1] : assigned?.slice(flag.length + 1);
}
