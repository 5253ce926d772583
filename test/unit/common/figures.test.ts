/** Figures are written without Intl, and must look as if Intl had written them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatCompact } from "../../../apphost/snapshot/format.ts";
import { formatAmount, formatCount } from "../../../simulator/common/foundation/figures.ts";

const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
/** Exact in binary, so that both see the same half. */
const EIGHTHS = fc.nat().map((n) => n / 8);
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

it("counts as Intl does", () => {
  const count = fc.oneof(fc.maxSafeInteger(), EIGHTHS);
  fc.assert(
    fc.property(count, (n) => {
      expect(formatCount(n)).toBe(COUNTS.format(n));
    }),
  );
  expect([0, 999, 1_000, 999_999, 1_000_000, 999.5, null].map(formatCount)).toEqual([
    "0",
    "999",
    "1,000",
    "999,999",
    "1,000,000",
    "1,000",
    "-",
  ]);
  expect(formatAmount(1, "message")).toBe("1 message");
});

it.each([1e21, 1.797e308, Number.NaN, undefined as unknown as number])("throws at no number, not at %d", (n) => {
  expect(formatCount(n)).toBe(COUNTS.format(n));
  expect(formatCompact(n)).toBe(COUNTS.format(n));
});

it("has three digits that matter as Intl does", () => {
  const shown = fc.oneof(
    fc.nat(),
    fc.maxSafeInteger().map((n) => Math.floor(Math.abs(n) / 10)),
    EIGHTHS,
  );
  fc.assert(
    fc.property(shown, (n) => {
      expect(formatCompact(n)).toBe(COMPACT.format(n));
    }),
  );
});
