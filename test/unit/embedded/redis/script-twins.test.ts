/** The native twins of the scripts, by the case table that the Lua text also has to pass (test/integration). */
import { describe, expect, it } from "vitest";
import { CommandError } from "../../../../simulator/embedded/redis/command-error.ts";
import { Keyspace } from "../../../../simulator/embedded/redis/keyspace.ts";
import { runScriptTwin } from "../../../../simulator/embedded/redis/script-twins.ts";
import { LARGE_SCRIPT_CASES } from "../../../support/large-script-cases.ts";
import { COUNTER_KEY, PUBLISHED_KEY, SCRIPT_CASES, SEQUENCE_KEY, STATE_KEY } from "../../../support/script-cases.ts";

describe("script twins", () => {
  it.each([...SCRIPT_CASES, ...LARGE_SCRIPT_CASES])("$name", ({ before, script, keys, argv, answer, changes }) => {
    const keyspace = new Keyspace(() => 0);
    for (const [field, value] of Object.entries(before)) keyspace.setField(STATE_KEY, field, value);
    expect(runScriptTwin(script, [...keys], [...argv], keyspace)).toEqual(answer);
    expect(Object.fromEntries(keyspace.readHash(STATE_KEY) ?? [])).toEqual({ ...before, ...changes });
    const published = answer[0] === "PUBLISHED" ? answer[1] : undefined;
    for (const key of [PUBLISHED_KEY, COUNTER_KEY, SEQUENCE_KEY]) expect(keyspace.readString(key), key).toBe(published);
  });

  it("refuses arguments that the client would never send", () => {
    const run = (keys: string[], argv: string[]) => () => runScriptTwin("ACQUIRE", keys, argv, new Keyspace(() => 0));
    expect(run(["k"], ["L1", "0"])).toThrow(CommandError);
    expect(run(["k"], ["L1", "0", "1e3"])).toThrow(CommandError);
    expect(run(["k", "extra"], ["L1", "0", "1"])).toThrow(CommandError);
  });

  it("answers WRONGTYPE when the state key holds a string", () => {
    const keyspace = new Keyspace(() => 0);
    keyspace.setString(STATE_KEY, "text", null);
    expect(() => runScriptTwin("ACQUIRE", [STATE_KEY], ["L1", "0", "1"], keyspace)).toThrow(/^WRONGTYPE/);
  });
});
