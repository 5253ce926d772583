import { cleanup, render } from "ink-testing-library";
import { afterEach, describe, expect, it } from "vitest";
import { Dashboard } from "../../../../apphost/dashboard/dashboard.tsx";
import { EMPTY_SNAPSHOT } from "../../../../apphost/snapshot/snapshot.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

afterEach(cleanup);

function open() {
  const count = { stops: 0, suspensions: 0 };
  const onStop = () => {
    count.stops += 1;
  };
  const onSuspend = () => {
    count.suspensions += 1;
  };
  const app = render(
    <Dashboard
      snapshot={EMPTY_SNAPSHOT}
      nowUs={0}
      colors={false}
      isStopping={false}
      onStop={onStop}
      onSuspend={onSuspend}
    />,
  );
  return { app, count };
}

/** Input is listened to once the first frame is committed; until then a key goes nowhere. */
async function pressUntil({ app }: ReturnType<typeof open>, key: string, isDone: () => boolean): Promise<void> {
  const look = () => {
    app.stdin.write(key);
    return isDone() ? true : undefined;
  };
  await waitUntil(look, { what: `what ${JSON.stringify(key)} asks for`, deadlineMs: 5_000 });
}

describe("the keys of the dashboard", () => {
  it.each([
    ["q", "q"],
    ["Ctrl+C", "\u0003"],
  ])("%s asks for the stop", async (_name, key) => {
    const dashboard = open();
    await pressUntil(dashboard, key, () => dashboard.count.stops > 0);
    expect(dashboard.count.suspensions).toBe(0);
  });

  it("Ctrl+Z asks for the shell, and for no stop", async () => {
    const dashboard = open();
    await pressUntil(dashboard, "\u001a", () => dashboard.count.suspensions > 0);
    expect(dashboard.count.stops).toBe(0);
  });

  it("no other key does", async () => {
    const dashboard = open();
    await pressUntil(dashboard, "q", () => dashboard.count.stops > 0);
    const before = { ...dashboard.count };
    for (const key of ["Q", "x", "\r", "\u001b", "c", "z", " "]) dashboard.app.stdin.write(key);
    expect(dashboard.count).toEqual(before);
  });
});
