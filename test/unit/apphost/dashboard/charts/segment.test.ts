import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import {
  cleanText,
  cutText,
  fitColumns,
  joinCells,
  joinParts,
  measureText,
} from "../../../../../apphost/dashboard/charts/segment.ts";
import { anyText, textOf } from "../../../../support/chart-text.ts";

const anyColumns = fc.integer({ min: 0, max: 40 });

describe("the text of a segment", () => {
  it("is as wide as the terminal shows it, and never wider than it may be", () => {
    fc.assert(
      fc.property(anyText, anyColumns, (text, columns) => {
        const clean = cleanText(text);
        expect(measureText(clean)).toBe(stringWidth(clean));
        expect(stringWidth(cutText(clean, columns))).toBeLessThanOrEqual(columns);
        expect(stringWidth(fitColumns(clean, columns))).toBe(columns);
        expect(stringWidth(fitColumns(clean, columns, "right"))).toBe(columns);
      }),
    );
  });

  it("marks what was cut off, and cuts no wide character in two", () => {
    expect(cutText("taskmanager-07", 8)).toBe("taskman~");
    expect(cutText("工作管理者", 6)).toBe("工作~");
    expect(cutText("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3)).toBe("👩‍👩‍👧‍👦~");
  });

  it("has nothing that a terminal would obey", () => {
    expect(cleanText("a\u001b[31mb\u0007c\r\nd\u202ee\u2028f")).toBe("a [31mb c d e f");
  });
});

describe("the parts of a row", () => {
  it("are left out as a whole where they do not fit, and the first one is cut", () => {
    const parts = ["throughput", "produced 1M/s", "max"].map((text) => [{ text }]);
    expect(textOf(joinParts(parts, 40))).toBe("throughput  produced 1M/s  max");
    expect(textOf(joinParts(parts, 20))).toBe("throughput  max");
    expect(textOf(joinParts(parts, 6))).toBe("throu~");
  });

  it("become one segment where neighbours have one colour", () => {
    const cells = [
      { glyph: "a", color: "good" },
      { glyph: " " },
      { glyph: "b", color: "good" },
      { glyph: "c" },
    ] as const;
    expect(joinCells(cells)).toEqual([{ text: "a b", color: "good" }, { text: "c" }]);
  });
});
