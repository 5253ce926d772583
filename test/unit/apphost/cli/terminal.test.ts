import { afterEach, expect, it } from "vitest";
import { withOutput } from "../../../../apphost/cli/terminal.ts";

const { stdout } = process;
const own = stdout.listeners("error");
const fail = (code: string) => stdout.emit("error", Object.assign(new Error(`${code}: write`), { code }));
const loseReader = () => fail("EPIPE");

afterEach(() => {
  for (const listener of stdout.listeners("error")) {
    if (!own.includes(listener)) stdout.removeListener("error", listener as () => void);
  }
});

it("T1: what only prints ends with 0 when nobody reads any more", async () => {
  const exitCode = await withOutput(({ ended }) => {
    loseReader();
    ended.throwIfAborted();
    return Promise.resolve(4);
  });
  expect(exitCode).toBe(0);
});

it("T1: what fails of itself is told although nobody reads, and a code that is not 0 stays", async () => {
  const failing = withOutput(() => {
    loseReader();
    return Promise.reject(new Error("no running host"));
  });
  await expect(failing).rejects.toThrow("no running host");
  const failed = withOutput(async ({ write }) => {
    loseReader();
    await write("failed");
    return 4;
  });
  expect(await failed).toBe(4);
});

it("T3: what cannot be written for another reason is an error, and a code that is not 0 stays", async () => {
  const printing = (exitCode: number) =>
    withOutput(async ({ write }) => {
      fail("ENOSPC");
      await write("half");
      return exitCode;
    });
  await expect(printing(0)).rejects.toThrow("standard output cannot be written");
  expect(await printing(4)).toBe(4);
});
