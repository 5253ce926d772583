/** Files that are replaced as a whole, also when two processes replace the same one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeText } from "../../../simulator/common/foundation/json-file.ts";

it("a write leaves another process's half-written file of the same name alone, and none of its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-file-"));
  try {
    const path = join(folder, "output.txt");
    const others = `${path}.tmp`;
    writeFileSync(others, "another's");
    await writeText(path, "ours", { durable: false });
    expect(readFileSync(path, "utf8")).toBe("ours");
    expect(readFileSync(others, "utf8")).toBe("another's");
    expect(readdirSync(folder)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
