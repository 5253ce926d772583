/** Signals that come close together, in a process of its own: they stop and continue a whole process. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { withDeadline } from "../../../../simulator/common/foundation/deadline.ts";

const JOB = fileURLToPath(new URL("../fixtures/job-in-foreground.ts", import.meta.url));

let job: ChildProcess | null = null;
// Also one that is stopped.
afterEach(() => void job?.kill("SIGKILL"));

/** The first words of a job in the foreground that hears these signals at once. */
async function readWords(signals: readonly NodeJS.Signals[], count: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--no-warnings", JOB, ...signals], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  job = child;
  const words: string[] = [];
  const read = async () => {
    for await (const word of createInterface({ input: child.stdout })) if (words.push(word) === count) return;
  };
  // Those that came by then are compared.
  await withDeadline(read(), { what: `${count} words`, deadlineMs: 10_000 }).catch(() => undefined);
  return words;
}

it("J2: gives the terminal back at SIGTSTP", async () => {
  expect(await readWords(["SIGTSTP"], 2)).toEqual(["show", "hide"]);
});

it("J6: does not stop when the SIGCONT of `fg` has come by then", async () => {
  expect(await readWords(["SIGTSTP", "SIGCONT"], 3)).toEqual(["show", "hide", "show"]);
});

it("J5: hears a SIGTSTP that comes right behind the SIGCONT of `fg`", async () => {
  expect(await readWords(["SIGCONT", "SIGTSTP"], 4)).toEqual(["show", "hide", "show", "hide"]);
});
