/** What the end of a server means that was started and never got ready. */
import { expect, it } from "vitest";
import type { DriverContext, InfrastructureDriver } from "../../../../apphost/drivers/driver.ts";
import type { ResourceDeclaration } from "../../../../apphost/model/resource.ts";
import type { ProcessEnd } from "../../../../apphost/processes/resource-plan.ts";
import { createServerResource } from "../../../../apphost/resources/server.ts";
import type { RunContext } from "../../../../apphost/run/run-context.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

const kafka = { name: "kafka", kind: "kafka" } as ResourceDeclaration;
const { plan } = createServerResource(
  {} as RunContext,
  kafka,
  {} as InfrastructureDriver,
  {} as DriverContext,
  () => undefined,
);
const unreachable = createError("KAFKA_UNREACHABLE", { endpoint: "127.0.0.1:9092", waitedMs: 120_000 });
const endOf = (lastLines: string): ProcessEnd => ({
  exit: { kind: "exit", code: 137 },
  isOurs: true,
  everReady: false,
  killReason: unreachable,
  isPlanned: false,
  lastLines,
});

it("shows the last lines that it wrote itself, under what was waited for", () => {
  expect(plan.judge(endOf("Formatting metadata\nERROR disk is full"))).toMatchObject({
    code: "SERVER_NOT_READY",
    category: "infrastructure",
    message: `kafka was started and did not get ready: ${unreachable.message}; its last lines:\nFormatting metadata\nERROR disk is full`,
  });
});

it("is what it was where it wrote nothing", () => {
  expect(plan.judge(endOf(""))).toBe(unreachable);
});
