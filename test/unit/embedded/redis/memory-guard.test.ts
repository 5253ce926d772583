/** MemoryGuard: collects when too much is resident, and neither before nor again and again. */
import { describe, expect, it } from "vitest";
import { MemoryGuard } from "../../../../simulator/embedded/redis/memory-guard.ts";

const MIB = 1_048_576;
const OWN_BYTES = 50 * MIB;

/** A process with values, garbage, and pages that the engine keeps; what is collected lands in `collected`. */
function createProcess(boundBytes: number) {
  const state = { nowMs: 0, valueBytes: 0, garbageBytes: 0, keptBytes: 0, looks: 0, collected: [] as string[] };
  const use = { bytes: 0, garbageBytes: 0, bytesMax: boundBytes };
  const guard = new MemoryGuard(use, {
    nowMs: () => state.nowMs,
    residentBytes() {
      state.looks += 1;
      return OWN_BYTES + state.valueBytes + state.garbageBytes + state.keptBytes;
    },
    usedBytes: () => state.valueBytes + state.garbageBytes,
    collect(how) {
      state.collected.push(how);
      // What was garbage leaves its pages behind, until they are given back.
      state.keptBytes = how === "quickly" ? state.keptBytes + state.garbageBytes : 0;
      state.garbageBytes = 0;
    },
  });
  const passTurn = (change: Partial<typeof state>) => {
    Object.assign(state, change);
    state.nowMs += 1_000;
    guard.afterTurn(100);
  };
  return { state, use, guard, passTurn };
}

describe("MemoryGuard", () => {
  it("collects nothing below the bound (G1)", () => {
    const { state, passTurn } = createProcess(256 * MIB);
    passTurn({ valueBytes: 100 * MIB, garbageBytes: 100 * MIB });
    expect(state.collected).toEqual([]);
  });

  it("looks no more often than its interval, however many turns there are (G1)", () => {
    const { state, guard, passTurn } = createProcess(256 * MIB);
    passTurn({});
    const { looks } = state;
    for (let i = 0; i < 1_000; i += 1) guard.afterTurn(100);
    for (let i = 0; i < 1_000; i += 1) guard.afterCommand();
    expect(state.looks).toBe(looks);
  });

  it("looks at once when much has been dropped (G1)", () => {
    const { state, use, guard, passTurn } = createProcess(256 * MIB);
    passTurn({ valueBytes: 200 * MIB });
    Object.assign(state, { garbageBytes: 60 * MIB });
    use.garbageBytes = 60 * MIB;
    guard.afterCommand();
    expect(state.collected[0]).toBe("quickly");
    expect(use.garbageBytes).toBe(0);
  });

  it("does not collect again before as much again has come (G2)", () => {
    const { state, passTurn } = createProcess(128 * MIB);
    passTurn({ valueBytes: 200 * MIB });
    for (let i = 0; i < 10; i += 1) passTurn({});
    expect(state.collected).toEqual(["quickly"]);
    passTurn({ garbageBytes: 11 * MIB });
    expect(state.collected).toHaveLength(1);
    passTurn({ garbageBytes: 13 * MIB });
    expect(state.collected.length).toBeGreaterThan(1);
  });

  it("takes what was dropped since for garbage (G2)", () => {
    const { state, use, passTurn } = createProcess(128 * MIB);
    use.bytes = 128 * MIB;
    passTurn({ valueBytes: 120 * MIB });
    expect(state.collected).toEqual(["quickly"]);
    // FLUSHALL: as much is resident as before, and next to nothing of it is alive.
    use.bytes = 0;
    passTurn({ valueBytes: 0, garbageBytes: 120 * MIB });
    expect(state.collected.length).toBeGreaterThan(1);
    expect(state.garbageBytes).toBe(0);
  });

  it("does not take new data for room (G2)", () => {
    const { state, use, passTurn } = createProcess(128 * MIB);
    passTurn({ valueBytes: 100 * MIB });
    expect(state.collected).toHaveLength(1);
    use.bytes = 28 * MIB;
    passTurn({ garbageBytes: 17 * MIB });
    expect(state.collected.length).toBeGreaterThan(1);
  });

  it("looks again when LOOK_BYTES were read, however short ago it looked (G1)", () => {
    const { state, guard, passTurn } = createProcess(128 * MIB);
    passTurn({ valueBytes: 60 * MIB });
    state.garbageBytes = 100 * MIB;
    guard.afterTurn(MIB);
    expect(state.collected).toEqual([]);
    guard.afterTurn(4 * MIB);
    expect(state.collected).not.toEqual([]);
  });

  it("gives pages back that were kept for later (G3)", () => {
    const { state, passTurn } = createProcess(128 * MIB);
    passTurn({ garbageBytes: 200 * MIB });
    expect(state.collected).toEqual(["quickly", "compactly"]);
    expect(state.keptBytes).toBe(0);
  });
});
