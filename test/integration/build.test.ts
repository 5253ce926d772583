/** What a build leaves in `dist`, which is what a user's host starts. */
import { readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import { ENTRY } from "../../apphost/processes/entry-point.ts";
import { distPath } from "../support/dist.ts";

const PROGRAMS = [...Object.values(ENTRY), "simulator/embedded/kafka/main", "simulator/embedded/redis/main"];
const RELATIVE_IMPORT = /(?:\bfrom|\bimport)\s*\(?["']\.{1,2}\//;

it.each(PROGRAMS)("%s is one file: twenty-five processes start at once, and each module costs them", (program) => {
  expect(readFileSync(distPath(program), "utf8")).not.toMatch(RELATIVE_IMPORT);
});

it("the bins can be executed", () => {
  for (const bin of ["apphost/main", "scripts/stress"]) expect(statSync(distPath(bin)).mode & 0o111).toBe(0o111);
});
