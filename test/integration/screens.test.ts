/**
 * What a person sees, as a real terminal shows it: recorded runs are played through the built dashboard, keys are pressed,
 * and the screen is held against the one in `test/screens/`. With UPDATE_SCREENS=1 they are written anew, to be looked at.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { sleep, waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { ROOT } from "../support/dist.ts";
import { describeReal } from "../support/real-parts.ts";
import { SCREENS } from "../support/recorded-run.ts";
import { SCENES, type Scene, SIZES, type Size } from "../support/scenes.ts";
import { openTerminal, type Terminal } from "../support/tmux.ts";

const folder = mkdtempSync(join(tmpdir(), "flink-apphost-screens-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isUpdate = process.env["UPDATE_SCREENS"] === "1";
/** A screen is whole when it is the same after this. */
const STILL_MS = 1_500;
const DEADLINE_MS = 30_000;

const sizeOf = (size: Size): { columns: number; rows: number } => {
  const [columns, rows] = size.split("x").map(Number) as [number, number];
  return { columns, rows };
};
const fileOf = ({ name }: Scene, size: Size): string => join(SCREENS, `${name}-${size}.txt`);
const toText = (screen: readonly string[]): string => `${screen.join("\n")}\n`;

/** Files as a run has them, and its events as the command that plays them needs them. */
function prepare({ name, run, events }: Scene): string {
  const runDir = join(folder, name);
  for (const [resource, text] of Object.entries(run.logs)) {
    const path = runFolder.log(runDir, resource);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  writeFileSync(join(runDir, "described.json"), JSON.stringify(run.described));
  const file = join(runDir, "events.ndjson");
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return `${process.execPath} --no-warnings ${join(ROOT, "test/support/play-events.ts")} ${file} tui ${runDir}`;
}

async function waitUntilStill(terminal: Terminal, rows: number): Promise<string> {
  return waitUntil(
    async () => {
      const before = terminal.screen();
      await sleep(STILL_MS);
      const after = terminal.screen();
      if (after.length !== rows || toText(before) !== toText(after)) throw new Error("the screen still changes");
      return toText(after);
    },
    { what: "a screen that stays as it is", deadlineMs: DEADLINE_MS, intervalMs: 100 },
  );
}

describeReal(["tmux"], "the kept screens", () => {
  let terminal: Terminal;
  afterEach(() => terminal.dispose());

  it.each(SCENES.map((scene) => [scene.name, scene] as const))("%s", async (_, scene) => {
    terminal = openTerminal(sizeOf(SIZES[0]));
    terminal.type(prepare(scene));
    await terminal.waitFor(/\[1 Overview\]/, DEADLINE_MS);
    for (const { keys, until } of scene.steps) {
      for (const key of keys) terminal.press(key);
      await terminal.waitFor(until, DEADLINE_MS);
    }
    for (const size of SIZES) {
      const { columns, rows } = sizeOf(size);
      terminal.resize(columns, rows);
      const path = fileOf(scene, size);
      if (isUpdate) {
        writeFileSync(path, await waitUntilStill(terminal, rows));
        continue;
      }
      const kept = readFileSync(path, "utf8");
      const isAsKept = () => (toText(terminal.screen()) === kept ? true : undefined);
      await waitUntil(isAsKept, { what: `the screen ${path}`, deadlineMs: DEADLINE_MS, intervalMs: 100 }).catch(() =>
        // What differs is told by this comparison.
        expect(toText(terminal.screen())).toBe(kept),
      );
    }
  });
});
