#!/usr/bin/env node
/** `run-local-stress-tests`: the same as `flink-apphost stress`. */
process.argv.splice(2, 0, "stress");
await import("../apphost/main.ts");
