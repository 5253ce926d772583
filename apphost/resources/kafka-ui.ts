/**
 * The web page over Kafka as a resource that nobody needs: it is started and kept alive like the others, but nothing waits
 * for it, and its failure is a notice.
 */
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { callHttp } from "../../simulator/common/foundation/http-call.ts";
import type { DriverContext, InfrastructureDriver, ServerPlan } from "../drivers/driver.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import type { ChildHooks, RunningServer } from "../processes/child-process.ts";
import type { Launch } from "../processes/resource-plan.ts";
import { Supervisor } from "../processes/supervisor.ts";
import type { RunContext } from "../run/run-context.ts";

const READY_MS_MAX = 120_000;
const ANSWER_MS_MAX = 2_000;
const LOOK_INTERVAL_MS = 250;

export function superviseKafkaUi(
  run: RunContext,
  declaration: ResourceDeclaration,
  driver: InfrastructureDriver,
  context: DriverContext,
): Supervisor {
  const { name } = declaration;
  let plan: ServerPlan | null = null;
  const launch = async (launch: Launch): Promise<RunningServer> => {
    if (plan === null || launch.formerLastLines !== null) plan = (await driver.planKafkaUi?.(context)) ?? null;
    if (plan?.launch == null) throw new Error("no driver has one");
    const hooks: ChildHooks = {
      log: run.logOf(name),
      onSpawn: () => undefined,
      onVisible: (pid) => run.sampler.watch(name, pid),
      onMessage: () => undefined,
    };
    return plan.launch(hooks, launch.signal);
  };
  return new Supervisor(
    {
      declaration,
      isServer: true,
      endpoint: () => plan?.endpoint ?? null,
      launch,
      waitReady: (life) => waitForPage(plan?.endpoint ?? "", life.signal),
      judge: () => "restart",
    },
    {
      emitResource: run.supervisorHost.emitResource,
      emitExit: run.supervisorHost.emitExit,
      pulses: run.supervisorHost.pulses,
      recordFault: () => ({ recoveredAfterMs: () => undefined }),
      fail: (error) => run.notice("warn", name, `is not there: ${error.message}`),
    },
  );
}

/** Any answer will do: what the page then shows is its own business. */
async function waitForPage(url: string, signal: AbortSignal): Promise<void> {
  await waitUntil(
    () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
      return callHttp({ method: "GET", url, token: null, body: null, signal: limit });
    },
    { what: `the answer of ${url}`, deadlineMs: READY_MS_MAX, intervalMs: LOOK_INTERVAL_MS, signal },
  );
}
