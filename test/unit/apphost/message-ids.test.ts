/** How many messages a run may have: what is refused says both numbers. */
import { expect, it } from "vitest";
import { checkMessageIds } from "../../../apphost/message-ids.ts";
import { resolveOptions } from "../../../apphost/option-resolution.ts";
import { readMemoryBytes } from "../../../simulator/common/foundation/machine.ts";

const MEBIBYTE = 2 ** 20;

it("takes what one bit per id in a quarter of the memory can mark, and refuses the next one with both numbers", () => {
  const most = ((32 * MEBIBYTE) / 4) * 8;
  expect(() => checkMessageIds(most, 32 * MEBIBYTE)).not.toThrow();
  expect(() => checkMessageIds(most + 1, 32 * MEBIBYTE)).toThrow(
    /67,108,865 messages in all rounds need 8,388,609 bytes.*is 8,388,608 bytes.*at most 67,108,864 messages/,
  );
  // More than 2^30, which was once the last id of all.
  expect(() => checkMessageIds(2 ** 33, 4 * 2 ** 30)).not.toThrow();
});

it("takes no more than twelve digits can name, on any machine", () => {
  expect(() => checkMessageIds(999_999_999_999, 2 ** 50)).not.toThrow();
  expect(() => checkMessageIds(1_000_000_000_000, 2 ** 50)).toThrow(
    /1,000,000,000,000 messages .* end at 999,999,999,999/,
  );
});

it("is asked before anything starts", () => {
  const messages = String(readMemoryBytes() * 3);
  const refused = { code: "USAGE_CONFLICT", category: "usage" };
  expect(() => resolveOptions("up", { messages }, {})).toThrow(expect.objectContaining(refused));
});
