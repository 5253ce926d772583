/**
 * The picture of the dashboard in README.md is drawn by the dashboard itself, from the events of a run whose
 * taskmanager-07 was killed. With UPDATE_PICTURE=1 this test writes it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createViewState } from "../../../apphost/dashboard/state/view-state.ts";
import { applyEvent, EMPTY_SNAPSHOT } from "../../../apphost/snapshot/snapshot.ts";
import type { HostEvent } from "../../../simulator/common/contract/events.ts";
import { drawScreen } from "../../support/dashboard-screen.ts";
import { README_PATHS } from "../../support/readme.ts";
import { SAMPLE_START_US, sampleEvents, sampleProgress, sampleResource } from "../../support/sample-events.ts";

const COLUMNS = 80;
const ROWS = 24;
const MESSAGES = 10_000_000;
const KILLED = "taskmanager-07";
const ENDPOINTS: Readonly<Record<string, string>> = {
  kafka: "127.0.0.1:17129",
  redis: "127.0.0.1:13377",
  jobmanager: "127.0.0.1:18081",
};

/** The sample run as it stands in the middle of its first round, on servers that need nothing installed. */
function eventsUntilTheKill(): readonly HostEvent[] {
  const events = sampleEvents({ messages: MESSAGES }).map((event): HostEvent => {
    if (event.type === "resource" && event.state === "running") {
      return { ...event, endpoint: ENDPOINTS[event.name] ?? null };
    }
    if (event.type === "infrastructure") {
      const version = "flink-apphost 0.1.0";
      return {
        ...event,
        kafka: { mode: "embedded", version, endpoint: ENDPOINTS["kafka"] as string },
        redis: { ...event.redis, mode: "embedded", version, endpoint: ENDPOINTS["redis"] as string },
      };
    }
    return event;
  });
  const middle = events.findIndex((event) => event.type === "progress" && event.processed > MESSAGES / 2);
  const atUs = SAMPLE_START_US + 9_000_000;
  return [
    ...events.slice(0, middle),
    { atUs, ...sampleResource(KILLED, "taskmanager", "exited"), reason: "signal SIGKILL" } as HostEvent,
    { atUs: atUs + 100_000, ...sampleResource(KILLED, "taskmanager", "starting"), restarts: 1 } as HostEvent,
    { atUs: atUs + 700_000, ...sampleProgress(0.55, { messages: MESSAGES }) },
  ];
}

function drawPicture(): string {
  const snapshot = eventsUntilTheKill().reduce(applyEvent, EMPTY_SNAPSHOT);
  const size = { columns: COLUMNS, rows: ROWS, nowUs: SAMPLE_START_US + 10_000_000 };
  return drawScreen(snapshot, createViewState("dark"), size).join("\n");
}

const PICTURE = /(<!-- picture: [^\n]+ -->\n```\n)([\s\S]*?)(```\n)/;

it("README.md shows the dashboard as it is", () => {
  const readme = readFileSync(README_PATHS.root, "utf8");
  const picture = `${drawPicture()}\n`;
  if (process.env["UPDATE_PICTURE"] === "1") {
    writeFileSync(
      README_PATHS.root,
      readme.replace(PICTURE, (_, before, __, after) => before + picture + after),
    );
  } else {
    expect(PICTURE.exec(readme)?.[2]).toBe(picture);
  }
  expect(picture).toMatch(/taskmanagers +19\/20 running +1 ▅{6}\.▅{13}$/m);
  expect(picture).toMatch(/^ ! taskmanager-07 +starting +1$/m);
  expect(picture).toMatch(/taskmanager-07 +WARN starting, restarts 1/);
});
