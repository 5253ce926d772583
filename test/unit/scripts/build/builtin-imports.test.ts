/** What programs use of Node is taken without looking at the rest of it. */
import { expect, it } from "vitest";
import { takeBuiltinsDirectly } from "../../../../scripts/build/builtin-imports.ts";

it.each([
  ['import { once } from "node:events";', 'const { once } = process.getBuiltinModule("node:events");'],
  [
    'import { connect as connect$1, isIP } from "node:net";',
    'const { connect: connect$1, isIP } = process.getBuiltinModule("node:net");',
  ],
  [
    'import { setTimeout as delay } from "node:timers/promises";',
    'const { setTimeout: delay } = process.getBuiltinModule("node:timers/promises");',
  ],
])("%s", (line, taken) => {
  expect(takeBuiltinsDirectly(`${line}\nonce();\n`)).toBe(`${taken}\nonce();\n`);
});

it.each([
  'import fs from "node:fs";',
  'import * as path from "node:path";',
  'import { default as fs, openSync } from "node:fs";',
  'import { crc32c } from "@node-rs/crc32";',
  'const text = `import { once } from "node:events";`;',
  'await import("node:tls");',
])("%s stays", (line) => {
  expect(takeBuiltinsDirectly(line)).toBe(line);
});
