/**
 * An image, on this machine: looked for first, and pulled only where it is missing, with progress that a person can
 * follow.
 *
 * M1 A pull that makes no progress for a minute is given up; one that moves may take as long as it needs, up to an hour.
 */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { describeLongWait, tellLongWait } from "../../../simulator/common/foundation/long-wait.ts";
import { CALL_MS_MAX, callEngine, engineMessage, statusOf } from "./calls.ts";

const SILENCE_MS_MAX = 60_000;
const PULL_MS_MAX = 3_600_000;
const MB_BYTES = 1_000_000;

export interface ImageFacts {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** undefined when the image is not on this machine. */
export async function findImage(docker: Docker, name: string): Promise<ImageFacts | undefined> {
  try {
    const { Id, Config } = await callEngine(`look for image ${name}`, () => docker.getImage(name).inspect());
    return { id: Id, labels: Config.Labels ?? {} };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Why the image cannot be had; undefined when it is there now. */
export async function provideImage(
  docker: Docker,
  name: string,
  tell: (progress: string) => void,
): Promise<string | undefined> {
  const tellWait = <T>(what: () => string, deadlineMs: number, work: Promise<T>) =>
    tellLongWait(work, { what, deadlineMs }, (wait) => tell(describeLongWait(wait)));
  const sought = findImage(docker, name);
  const found = await tellWait(() => `the engine to look for image ${name}`, CALL_MS_MAX, sought);
  if (found !== undefined) return undefined;
  tell(`pulling ${name}`);
  const progress = createPullProgress();
  try {
    const pulled = pullImage(docker, name, progress);
    await tellWait(() => `image ${name} (${progress.describe()})`, PULL_MS_MAX, pulled);
  } catch (error) {
    return `image ${name} is not on this machine and could not be pulled: ${engineMessage(error)}`;
  }
  tell(`pulled ${name}`);
  return undefined;
}

async function pullImage(docker: Docker, name: string, progress: PullProgress): Promise<void> {
  const stream = (await callEngine(`pull ${name}`, () => docker.pull(name), CALL_MS_MAX)) as Readable;
  let silence: NodeJS.Timeout | undefined;
  const giveUp = (what: string, deadlineMs: number) =>
    setTimeout(() => stream.destroy(createError("DEADLINE_EXCEEDED", { what, deadlineMs, last: "" })), deadlineMs);
  const whole = giveUp("the pull", PULL_MS_MAX);
  try {
    let open = "";
    silence = giveUp("any progress of the pull", SILENCE_MS_MAX);
    for await (const chunk of stream) {
      silence.refresh();
      const lines = (open + String(chunk)).split("\n");
      open = lines.pop() ?? "";
      for (const line of lines) progress.take(line);
    }
    progress.take(open);
  } finally {
    clearTimeout(silence);
    clearTimeout(whole);
  }
}

interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

interface Layer {
  isDone: boolean;
  currentBytes: number;
  totalBytes: number;
}

interface PullProgress {
  /** Of the engine's lines, one JSON object each. One with an error ends the pull. */
  take(line: string): void;
  describe(): string;
}

export function createPullProgress(): PullProgress {
  const layers = new Map<string, Layer>();
  return {
    take(line) {
      if (line.trim() === "") return;
      const { id, status = "", error, progressDetail = {} } = JSON.parse(line) as PullLine;
      if (error !== undefined) throw new Error(error);
      if (id === undefined || !/layer|Waiting|Download|Extract|Verifying|Already exists|complete/i.test(status)) return;
      const layer = layers.get(id) ?? { isDone: false, currentBytes: 0, totalBytes: 0 };
      layers.set(id, layer);
      if (/^Pull complete|^Already exists/.test(status)) layer.isDone = true;
      if (!status.startsWith("Downloading")) return;
      layer.currentBytes = progressDetail.current ?? layer.currentBytes;
      layer.totalBytes = progressDetail.total ?? layer.totalBytes;
    },
    describe() {
      const all = [...layers.values()];
      if (all.length === 0) return "the registry has not answered yet";
      const sum = (read: (layer: Layer) => number) => all.reduce((total, layer) => total + read(layer), 0) / MB_BYTES;
      const done = all.filter(({ isDone }) => isDone).length;
      const current = sum(({ isDone, currentBytes, totalBytes }) => (isDone ? totalBytes : currentBytes));
      return `${done} of ${all.length} layers, ${current.toFixed(1)} of ${sum(({ totalBytes }) => totalBytes).toFixed(1)} MB`;
    },
  };
}
