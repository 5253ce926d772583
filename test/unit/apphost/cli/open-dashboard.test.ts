/** Loading the dashboard's packages takes no more of the machine than it needs, and leaves the process as it was. */
import { afterEach, expect, it, vi } from "vitest";
import { loadDashboard } from "../../../../apphost/cli/open-dashboard.ts";

afterEach(() => vi.unstubAllGlobals());

it("fetches nothing, and gives the process its fetch and its NODE_ENV back", async () => {
  const fetchOfProcess = vi.fn(globalThis.fetch);
  vi.stubGlobal("fetch", fetchOfProcess);
  const environment = process.env["NODE_ENV"];
  const { Dashboard } = await loadDashboard();
  expect(Dashboard).toBeTypeOf("function");
  // Only the number of them: one would be a data URL of 100 KB.
  expect(fetchOfProcess.mock.calls).toHaveLength(0);
  expect(globalThis.fetch).toBe(fetchOfProcess);
  expect(process.env["NODE_ENV"]).toBe(environment);
});
