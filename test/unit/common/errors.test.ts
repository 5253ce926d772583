import { expect, test } from "vitest";
import { createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import { decodeTaskManagerMessage } from "../../../simulator/runtime/rpc/messages.ts";

test("a description names the causes once each, outermost first", () => {
  const cause = new Error("ENOSPC: no space left on device, write");
  const error = createError("RUN_FOLDER_FAILED", { path: "/run" }, new Error("it ended", { cause }));
  expect(describeError(error)).toMatch(
    /^\/run cannot be written: .*: it ended: ENOSPC: no space left on device, write$/,
  );
  expect(describeError(new Error("outer, inner", { cause: new Error("inner") }))).toBe("outer, inner");
});

test("a failure whose text is longer than a line of the RPC may be still reaches the JobManager", () => {
  const message = describeError(new Error("x".repeat(2_000_000)));
  expect(message).toHaveLength(10_000);
  const failed = { type: "taskFailed", code: "ASSERTION_FAILED", category: "unexpected", message };
  expect(decodeTaskManagerMessage(failed)).toEqual(failed);
});

test.each([
  [{ password: "Tr0ub4dor" }, "an object that is no Error (password)"],
  [{ message: "it failed" }, "it failed"],
  [{}, "an object that is no Error (without fields)"],
  [null, "null"],
  [undefined, "undefined"],
  ["text", "text"],
])("what is thrown and no error, %j, is described, and its fields are not shown", (thrown, text) => {
  expect(describeError(thrown)).toBe(text);
});
