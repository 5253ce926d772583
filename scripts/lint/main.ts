/** `npm run lint`, its second half: every import of the repository against the floors. Exit code 1 with the problems. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FLOORS } from "./floors.ts";
import { findImportProblems } from "./imports.ts";

const root = process.argv[2] ?? process.cwd();
const paths = globSync("{apphost,simulator,producer,scripts,test}/**/*.{ts,tsx}", { cwd: root });
const files = paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const problems = findImportProblems(files, FLOORS);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${files.length} files held against ${FLOORS.length} floors: ${problems.length} problems\n`);
process.exitCode = problems.length === 0 && files.length > 0 ? 0 : 1;
