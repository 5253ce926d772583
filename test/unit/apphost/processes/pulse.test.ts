/** Who hangs, and who only looks like it: a busy process, and a time in which nobody listened. Looks are the test's own. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PulseWatch, startPulseWatch } from "../../../../apphost/processes/pulse.ts";

const LOOKS_UNTIL_HUNG = 4;
const LOOKS_UNTIL_HUNG_AND_BUSY = 24;

let cpuMs = 0;
let heardAtMs = 0;
let pings = 0;
let hangs: number[] = [];
let pulses: PulseWatch;
let endWatch: () => void;

beforeEach(() => {
  [cpuMs, heardAtMs, pings, hangs] = [0, performance.now(), 0, []];
  // Its own timer never fires within a test.
  pulses = startPulseWatch({ hungAfterMs: 3_600_000, readCpuMs: () => cpuMs });
  const pulse = { heardAtMs: () => heardAtMs, ping: () => (pings += 1) };
  endWatch = pulses.watch({ pid: 1, pulse }, (silentMs) => hangs.push(silentMs));
});
afterEach(() => pulses.stop());

const look = (times: number) => {
  for (let k = 0; k < times; k += 1) pulses.look();
};
const say = () => {
  heardAtMs += 1;
};

describe("a process that is watched", () => {
  it("hangs when it says nothing for four looks after the one that heard it, and is told of once", () => {
    look(1 + LOOKS_UNTIL_HUNG - 1);
    expect(hangs).toEqual([]);
    look(1);
    expect(hangs).toHaveLength(1);
    look(2 * LOOKS_UNTIL_HUNG);
    expect(hangs).toHaveLength(1);
  });

  it("is pinged once in a silence, and not at all while it speaks (B3)", () => {
    look(1);
    for (let k = 0; k < 10; k += 1) {
      say();
      look(1);
    }
    expect(pings).toBe(0);
    look(LOOKS_UNTIL_HUNG - 1);
    expect(pings).toBe(1);
    say();
    look(2);
    expect(pings).toBe(2);
  });

  it("lives on by any word, however late it comes", () => {
    for (let k = 0; k < 10; k += 1) {
      look(LOOKS_UNTIL_HUNG - 1);
      say();
      look(1);
    }
    expect(hangs).toEqual([]);
  });

  it("is not hung because nobody listened for a long time (B1)", () => {
    // A machine that slept for an hour: its newest message is that old, but only the looks since then count.
    heardAtMs -= 3_600_000;
    look(1 + LOOKS_UNTIL_HUNG - 1);
    expect(hangs).toEqual([]);
    say();
    look(1);
    expect(hangs).toEqual([]);
  });

  it("has six times as long while it uses the CPU (B2)", () => {
    look(1);
    for (let k = 1; k < LOOKS_UNTIL_HUNG_AND_BUSY; k += 1) {
      cpuMs += 10;
      look(1);
    }
    expect(hangs).toEqual([]);
    cpuMs += 10;
    look(1);
    expect(hangs).toHaveLength(1);
  });

  it("counts as busy only by what it used since it was pinged", () => {
    look(1);
    cpuMs += 10;
    look(LOOKS_UNTIL_HUNG);
    expect(hangs).toHaveLength(1);
  });

  it("is nobody's business any more once the watch has ended", () => {
    endWatch();
    look(2 * LOOKS_UNTIL_HUNG);
    expect(hangs).toEqual([]);
  });
});
