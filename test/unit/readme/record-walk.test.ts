/**
 * The walk of a record, from the socket to Redis: which files it crosses, in which order, and that each of them reaches
 * the next. `simulator/README.md` lists the same files.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const README = join(ROOT, "simulator/README.md");
const FILES_MAX = 20;
const HOPS_BACK_MAX = 2;

const KAFKA = "simulator/clients/kafka";
const REDIS = "simulator/clients/redis";
const RUNTIME = "simulator/runtime";
const CONTRACT = "simulator/common/contract";

/**
 * In pairs, who hands on and who takes. A helper that is called for its answer, and gives it back to its caller, is a hop
 * to the helper and none back: the next pair names the caller again. `by` brings the two together, where neither imports
 * the other.
 */
interface Hop {
  readonly from: string;
  readonly to: string;
  readonly by?: string;
}

const TASK_MANAGER = `${RUNTIME}/task-manager/task-manager.ts`;
const MAIN = `${RUNTIME}/task-manager/main.ts`;
const DECODER = `${RUNTIME}/source/record-set-decoder.ts`;
const SINK = `${RUNTIME}/sink/partition-sink.ts`;

const HOPS: readonly Hop[] = [
  { from: `${KAFKA}/connection.ts`, to: `${KAFKA}/wire/frame-assembler.ts` },
  { from: `${KAFKA}/wire/frame-assembler.ts`, to: `${KAFKA}/connection.ts` },
  { from: `${KAFKA}/connection.ts`, to: `${KAFKA}/leader-fetcher.ts` },
  { from: `${KAFKA}/leader-fetcher.ts`, to: `${KAFKA}/wire/apis/fetch.ts` },
  { from: `${KAFKA}/wire/apis/fetch.ts`, to: `${KAFKA}/wire/reader.ts` },
  { from: `${KAFKA}/leader-fetcher.ts`, to: `${KAFKA}/consumer.ts` },
  { from: `${KAFKA}/consumer.ts`, to: `${KAFKA}/wire/record-batch.ts` },
  // L2: the next fetch is sent in between.
  { from: `${KAFKA}/consumer.ts`, to: `${KAFKA}/leader-fetcher.ts` },
  { from: `${KAFKA}/leader-fetcher.ts`, to: `${KAFKA}/consumer.ts` },
  { from: `${KAFKA}/consumer.ts`, to: TASK_MANAGER, by: MAIN },
  { from: TASK_MANAGER, to: `${RUNTIME}/task-manager/partition-task.ts` },
  { from: `${RUNTIME}/task-manager/partition-task.ts`, to: DECODER, by: TASK_MANAGER },
  { from: DECODER, to: `${KAFKA}/wire/records.ts` },
  { from: DECODER, to: `${RUNTIME}/source/message-form.ts` },
  { from: DECODER, to: `${RUNTIME}/operators/registry.ts` },
  { from: DECODER, to: SINK },
  { from: SINK, to: `${RUNTIME}/sink/batch-delta.ts` },
  { from: `${RUNTIME}/sink/batch-delta.ts`, to: `${CONTRACT}/message.ts` },
  { from: SINK, to: `${REDIS}/state-store.ts`, by: MAIN },
  { from: `${REDIS}/state-store.ts`, to: `${CONTRACT}/state/redis-script-codec.ts` },
  { from: `${REDIS}/state-store.ts`, to: `${REDIS}/resp-transport.ts` },
  { from: `${REDIS}/resp-transport.ts`, to: `${REDIS}/wire/resp.ts` },
];

const files = [...new Set(HOPS.flatMap(({ from, to }) => [from, to]))];

/** The files of ours that one imports, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/from "(\.{1,2}\/[^"]+)"/g)].map((match) =>
    normalize(join(dirname(file), match[1] as string)),
  );
}

function reaches(from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const file of seen) for (const imported of importsOf(file)) seen.add(imported);
  return seen.has(to);
}

describe("the walk of a record", () => {
  it.each(HOPS)("goes from $from to $to", ({ from, to, by }) => {
    if (by === undefined) expect(importsOf(from).includes(to) || importsOf(to).includes(from)).toBe(true);
    else expect([reaches(by, from), reaches(by, to)]).toEqual([true, true]);
  });

  it("begins each hop where the record has been before", () => {
    const visited = new Set([HOPS[0]?.from]);
    for (const { from, to } of HOPS) {
      expect([...visited]).toContain(from);
      visited.add(to);
    }
  });

  it(`crosses at most ${FILES_MAX} files, with at most ${HOPS_BACK_MAX} hops back`, () => {
    expect(files.length).toBeLessThanOrEqual(FILES_MAX);
    const back = HOPS.filter(({ from, to }) => files.indexOf(to) < files.indexOf(from));
    expect(back.length).toBeLessThanOrEqual(HOPS_BACK_MAX);
  });

  it.skipIf(!existsSync(README))("is told so in simulator/README.md (skipped while there is no such file)", () => {
    const text = readFileSync(README, "utf8");
    const told = text.slice(
      text.indexOf("<!-- walk of a record -->"),
      text.indexOf("<!-- end of the walk of a record -->"),
    );
    expect([...told.matchAll(/`([^`]+\.ts)`/g)].map((match) => match[1])).toEqual(files);
  });
});
