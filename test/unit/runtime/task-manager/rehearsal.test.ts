/** The rehearsal goes the whole way: a record that did not reach the store has rehearsed nothing behind that point. */
import { expect, it } from "vitest";
import { rehearse } from "../../../../simulator/runtime/task-manager/rehearsal.ts";

it("every record of the rehearsal reaches its store", async () => {
  expect(await rehearse()).toBe(108 * 500);
});
