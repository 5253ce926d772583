/** A million lines in 27 logs: what is found in them is known from how they were made. No time is asserted. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPattern } from "../../../../apphost/logs/line-pattern.ts";
import { MergedLog } from "../../../../apphost/logs/merged-log.ts";
import { ShownLines } from "../../../../apphost/logs/shown-lines.ts";
import { LogFolder, START_MS, timed } from "./log-folder.ts";

const LOGS = 27;
const LINES_PER_LOG = 37_038;
const LINES = LOGS * LINES_PER_LOG;
const STEPS_MAX = 100_000;
const TIMEOUT_MS = 120_000;

/** Each log has a line every 27 ms, one after the other: the line at a place of the merged log is of that millisecond. */
const textOf = (place: number) => `INFO  record ${place} of partition ${place % 8}`;

const folder = new LogFolder();
const shown = new ShownLines(new MergedLog(folder.listPaths));

beforeAll(async () => {
  for (let log = 0; log < LOGS; log += 1) {
    const lines = Array.from({ length: LINES_PER_LOG }, (_, line) => line * LOGS + log);
    const text = lines.map((place) => `${timed(place, textOf(place))}\n`).join("");
    folder.append(`taskmanager-${String(log).padStart(2, "0")}`, text);
  }
  await shown.look();
  await finish();
}, TIMEOUT_MS);
afterAll(async () => {
  await shown.close();
  folder.remove();
});

async function finish(): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step += 1) if (await shown.advance(20)) return;
  throw new Error(`not up to date after ${STEPS_MAX} steps`);
}

function patternOf(text: string) {
  const reading = readPattern(text);
  if (reading.kind === "wrong") throw new Error(reading.reason);
  return reading.pattern;
}

describe("a million lines", () => {
  it("are all in their order", () => {
    expect(shown.length).toBe(LINES);
    let wrong = 0;
    for (let place = 0; place < LINES; place += 1) {
      const { log, line } = shown.placeAt(place);
      if (log !== place % LOGS || line !== Math.floor(place / LOGS)) wrong += 1;
    }
    expect(wrong).toBe(0);
  });

  it("are read at any place", async () => {
    for (const place of [0, 1, 123_456, 500_000, 777_777, LINES - 1]) {
      const line = await shown.readLine(shown.placeAt(place), 1_000);
      expect(line).toEqual({
        resource: `taskmanager-${String(place % LOGS).padStart(2, "0")}`,
        text: textOf(place),
        timeMs: START_MS + place,
      });
      expect(shown.indexOf(shown.placeAt(place))).toBe(place);
    }
  });

  it(
    "are filtered and searched as a whole",
    async () => {
      shown.setFilter({ pattern: patternOf("/partition [0-3]$/"), isInverse: true, clearedAt: null });
      shown.setSearch(patternOf("record 99999"));
      await finish();
      const places = Array.from({ length: LINES }, (_, place) => place).filter((place) => place % 8 > 3);
      expect(shown.length).toBe(places.length);
      const matches = places.filter((place) => String(place).startsWith("99999"));
      expect(shown.matchCount).toBe(matches.length);
      const found = matches.map((match) => places.indexOf(match));
      expect(shown.findMatch(0, "forward")).toBe(found[0]);
      expect(shown.findMatch(shown.length, "backward")).toBe(found.at(-1));
    },
    TIMEOUT_MS,
  );
});
