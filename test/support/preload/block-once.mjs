// Loaded by --import into each process of a run. The resource that TEST_BLOCK names ("taskmanager-01 busy 8000") blocks
// its event loop once, a second after its start, for so many milliseconds: "busy" computes, "asleep" waits.
import { openSync } from "node:fs";
import { join } from "node:path";

const [resource, how, ms] = (process.env.TEST_BLOCK ?? "").split(" ");

function isFirst() {
  try {
    openSync(join(process.env.FLINK_APPHOST_RUN_DIR ?? "", "blocked"), "wx");
    return true;
  } catch {
    // The process that replaced the blocked one.
    return false;
  }
}

function block() {
  if (!isFirst()) return;
  const endsAtMs = performance.now() + Number(ms);
  if (how === "asleep") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  while (performance.now() < endsAtMs);
}

if (resource !== "" && process.env.FLINK_APPHOST_RESOURCE === resource) setTimeout(block, 1_000).unref();
