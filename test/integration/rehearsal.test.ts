/**
 * The rehearsal of a TaskManager is worth its time only if the run uses what it compiled. V8 tells, by its own traces,
 * which functions it compiled, and which of that it had to throw away.
 */
import { afterEach, describe, expect, it } from "vitest";
import { chooseNodeFlags } from "../../apphost/resources/own-program.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { generation, TaskManagerRun } from "../support/task-manager-run.ts";

const TM = "taskmanager-01";
const HOT_FUNCTIONS = ["#readRecords", "indexRecords", "addToDelta"];
let run: TaskManagerRun;
afterEach(() => run.close());

const lastTierOf = (name: string) => new RegExp(`completed compiling .*<JSFunction ${name} .*TURBOFAN`);
const thrownAway = (name: string) =>
  new RegExp(`(bailout|marking dependent code).*<(JSFunction|SharedFunctionInfo) ${name}[ >]`);

describe("a TaskManager's first records", () => {
  it("are read by code that was compiled before it was ready, and stays", async () => {
    run = await TaskManagerRun.start({ partitions: 2, taskManagers: 1 });
    await run.produce(40_000, 5_000);
    const traces = ["--trace-opt", "--trace-deopt", "--trace-deopt-verbose"];
    const flags = [...chooseNodeFlags({ options: { rate: 0 } }), ...traces];
    const { stdout, messages, child } = run.launch(TM, {}, flags);
    await run.jobManager.untilRegistered(TM);
    expect(messages[0]?.type).toBe("ready");
    await waitUntil(() => (HOT_FUNCTIONS.every((name) => lastTierOf(name).test(stdout.join(""))) ? true : undefined), {
      what: "the traces of the rehearsal",
      deadlineMs: 60_000,
    });
    run.assign(TM, [0, generation(1)], [1, generation(2)]);
    await run.untilDrained();
    child.kill("SIGTERM");
    await waitUntil(() => (child.exitCode === null ? undefined : true), { what: "the exit", deadlineMs: 60_000 });
    const lines = stdout.join("").split("\n");
    for (const name of HOT_FUNCTIONS) {
      expect(lines.filter((line) => lastTierOf(name).test(line))).toHaveLength(1);
      expect(lines.filter((line) => thrownAway(name).test(line))).toEqual([]);
    }
  });
});
