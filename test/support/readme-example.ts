/** The app host that the docs show, as files: their blocks that begin with the name of a file. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./dist.ts";

const DOCS = globSync("{,apphost/,simulator/}README.md", { cwd: ROOT }).map((path) =>
  readFileSync(join(ROOT, path), "utf8"),
);

export const EXAMPLE = Object.fromEntries(
  DOCS.flatMap((text) => [...text.matchAll(/```ts\n\/\/ ([\w-]+\.ts)\n([\s\S]*?)```/g)]).map(([, name, text]) => [
    name,
    text as string,
  ]),
) as Readonly<Record<"apphost.ts" | "api.ts" | "check.ts", string>>;
