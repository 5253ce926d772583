/** In a container that was given less memory than its machine has, every figure is made of what it was given. */
import { totalmem } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { resolveOptions } from "../../../apphost/option-resolution.ts";
import { checkEmbeddedMemory } from "../../../apphost/topic-size.ts";
import { readMachine, readMemoryBytes } from "../../../simulator/common/foundation/machine.ts";

const MEBIBYTE = 2 ** 20;
afterEach(() => vi.restoreAllMocks());

const limitTo = (bytes: number) => vi.spyOn(process, "constrainedMemory").mockReturnValue(bytes);

describe("the memory of a container", () => {
  it("is its limit, in a report and for the embedded servers, which refuse what it cannot hold", () => {
    limitTo(700 * MEBIBYTE);
    expect(readMachine().memoryBytes).toBe(700 * MEBIBYTE);
    const options = resolveOptions("up", { messages: "8000000" }, {});
    expect(options.embeddedMemoryBytes).toBe(350 * MEBIBYTE);
    expect(() => checkEmbeddedMemory(options, options.messages)).toThrow(/need 896000000 bytes .* is 367001600 bytes/);
  });

  it.each([0, 2 ** 64, totalmem() + 1])("is the machine's where the limit is told as %d", (bytes) => {
    limitTo(bytes);
    expect(readMemoryBytes()).toBe(totalmem());
  });
});
