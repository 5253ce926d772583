/** What the client refuses to send, and answers it cannot read. */
import { describe, expect, it } from "vitest";
import {
  decodeApplyAnswer,
  decodeInitAnswer,
  encodeApply,
  encodeInit,
  encodeRecover,
  initialFields,
  parseApply,
  parseWholeHash,
} from "../../../../simulator/common/contract/state/redis-script-codec.ts";
import {
  PARTITIONS_MAX,
  parseJobState,
  STATE_FIELDS_MAX,
  taskManagersMax,
} from "../../../../simulator/common/contract/state/redis-state.ts";

const APPLY = {
  life: "L1",
  p: 3,
  g: 1_000_001,
  tm: "taskmanager-01",
  prev: 5,
  next: Number.MAX_SAFE_INTEGER,
  n: 1,
  rejected: 2,
  skipped: 3,
  idSum: 2 ** 48 - 1,
  idMix: 4,
  lastId: 5,
  disorder: 6,
  sentAtUs: 7,
};
const INIT = { epoch: 1, life: "L1", redisRunId: "r", startOffsets: [0, 7] };

describe("arguments", () => {
  it("come back as they were", () => {
    expect(parseApply(encodeApply(APPLY))).toEqual(APPLY);
    expect(parseWholeHash(encodeInit(INIT))).toEqual({
      epoch: 1,
      life: "L1",
      fields: Object.entries(initialFields(INIT)),
    });
  });

  it("of INIT make a complete state", () => {
    expect(parseJobState(initialFields(INIT), 2)).toMatchObject({
      kind: "complete",
      state: { phase: "running", total: 0 },
    });
  });

  it("of RECOVER carry the epoch of the caller, not that of the restored state", () => {
    const argv = encodeRecover({ epoch: 4, fields: { ...initialFields(INIT), life: "L2" } });
    expect(Object.fromEntries(parseWholeHash(argv)?.fields ?? [])).toMatchObject({ epoch: "4", life: "L2" });
  });

  it.each([
    ["a batch that does not move", { next: 5 }],
    ["a fraction", { n: 0.5 }],
    ["a negative count", { rejected: -1 }],
    ["a number above 2^53", { lastId: 2 ** 53 }],
    ["a sum of 2^48", { idSum: 2 ** 48 }],
  ])("are refused: %s", (_what, change) => {
    expect(() => encodeApply({ ...APPLY, ...change })).toThrow(/assumption/);
  });

  it("are refused for a state that one write cannot hold", () => {
    const startOffsets = Array.from({ length: 363 }, () => 0);
    expect(() => encodeInit({ ...INIT, startOffsets })).toThrow(/3998 fields, and one atomic Redis write takes 3995/);
    const fields = {
      ...initialFields({ ...INIT, startOffsets: startOffsets.slice(1) }),
      ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`by:${i}`, "0"])),
    };
    expect(() => encodeRecover({ epoch: 1, fields })).toThrow(/3996 fields/);
  });

  it("fit one write for as many TaskManagers as a job of so many partitions may have, and not for one more", () => {
    expect([1, 339, 340, 350].map(taskManagersMax)).toEqual([256, 256, 250, 140]);
    for (let partitions = 1; partitions <= PARTITIONS_MAX; partitions += 1) {
      const fields = 5 + 11 * partitions + taskManagersMax(partitions);
      expect(fields).toBeLessThanOrEqual(STATE_FIELDS_MAX);
      expect(taskManagersMax(partitions) === 256 || fields === STATE_FIELDS_MAX).toBe(true);
    }
  });
});

describe("answers", () => {
  it("of an incomplete hash have no identity", () => {
    expect(decodeInitAnswer(["EXISTS", "", "", ""])).toMatchObject({ kind: "exists", life: "" });
    expect(decodeInitAnswer(["EXISTS", "L1", "r", "paused"])).toMatchObject({ kind: "exists", life: "" });
  });

  it.each([[null], ["OK"], [["OK"]], [["OK", "x"]], [["MAYBE", "1"]], [["OK", 1]], [[]]])(
    "of another form are errors: %j",
    (answer) => {
      expect(() => decodeApplyAnswer(answer)).toThrow(/none of its answers/);
    },
  );
});
