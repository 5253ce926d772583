/** What a build leaves in `dist`, which is what a user's host starts. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { ENTRY } from "../../apphost/processes/entry-point.ts";
import { distPath } from "../support/dist.ts";

const PROGRAMS = [...Object.values(ENTRY), "simulator/embedded/kafka/main", "simulator/embedded/redis/main"];
const RELATIVE_IMPORT = /(?:\bfrom|\bimport)\s*\(?["']\.{1,2}\//;

it.each(PROGRAMS)("%s is one file: twenty-five processes start at once, and each module costs them", (program) => {
  expect(readFileSync(distPath(program), "utf8")).not.toMatch(RELATIVE_IMPORT);
});

it.each(PROGRAMS)("%s looks at nothing of Node that it does not use", (program) => {
  expect(readFileSync(distPath(program), "utf8")).not.toMatch(/^import \{[^}]*\} from "node:/m);
});

it("the host loads no `fetch`, which nobody calls and which an import of node:http brings along", () => {
  const url = pathToFileURL(distPath("apphost/orchestrator/hosting"));
  const program = `await import("${url}"); console.log(process.moduleLoadList.join("\\n"));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(stdout).toContain("NativeModule http");
  expect(stdout).not.toContain("undici");
});

it("the bins can be executed", () => {
  for (const bin of ["apphost/main", "scripts/stress"]) expect(statSync(distPath(bin)).mode & 0o111).toBe(0o111);
});
