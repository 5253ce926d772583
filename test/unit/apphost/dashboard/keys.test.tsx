import { cleanup, render } from "ink-testing-library";
import { afterEach, describe, expect, it } from "vitest";
import { Dashboard } from "../../../../apphost/dashboard/dashboard.tsx";
import { EMPTY_SNAPSHOT } from "../../../../apphost/dashboard/snapshot.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

afterEach(cleanup);

function open() {
  let stops = 0;
  const onStop = () => {
    stops += 1;
  };
  const app = render(
    <Dashboard snapshot={EMPTY_SNAPSHOT} nowUs={0} colors={false} isStopping={false} onStop={onStop} />,
  );
  return { app, stops: () => stops };
}

/** Input is listened to once the first frame is committed; until then a key goes nowhere. */
async function pressUntilStop({ app, stops }: ReturnType<typeof open>, key: string): Promise<void> {
  const look = () => {
    app.stdin.write(key);
    return stops() > 0 ? true : undefined;
  };
  await waitUntil(look, { what: "the stop", deadlineMs: 5_000 });
}

describe("the keys of the dashboard", () => {
  it.each([
    ["q", "q"],
    ["Ctrl+C", "\u0003"],
  ])("%s asks for the stop", async (_name, key) => {
    await pressUntilStop(open(), key);
  });

  it("no other key does", async () => {
    const dashboard = open();
    await pressUntilStop(dashboard, "q");
    const before = dashboard.stops();
    for (const key of ["Q", "x", "\r", "\u001b", "c", " "]) dashboard.app.stdin.write(key);
    expect(dashboard.stops()).toBe(before);
  });
});
