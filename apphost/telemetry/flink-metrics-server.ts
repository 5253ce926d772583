/**
 * `GET /metrics` of a host whose engine is Apache Flink, in the text format of Prometheus. A JobManager of ours answers
 * that itself; Flink's own does so only with a plugin, and knows nothing of what was applied.
 *
 *   (not listening) → listening → closed
 *
 * P1 It tells what was seen last, and asks Flink nothing: a scrape costs a job nothing.
 * P2 It listens on this machine alone, and answers nothing else (H1 of `simulator/common/rest/http-server.ts`).
 */
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { UsageEvent } from "../../simulator/common/contract/events.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { RestError, RestServer } from "../../simulator/common/rest/http-server.ts";
import { writeMetricFamilies } from "../../simulator/common/rest/prometheus-text.ts";
import { choosePort, LOOPBACK } from "../processes/ports.ts";
import type { RunContext } from "../run/run-context.ts";
import { viewFlinkFamilies } from "./flink-metric-families.ts";

/** In the environment that `env` prints. */
const METRICS_VARIABLE = "METRICS_HTTP";

type Run = Pick<RunContext, "feed" | "seen" | "token" | "logOf">;
type Job = Pick<RunConfig, "jobId" | "jobName">;

export class FlinkMetricsServer {
  readonly #run: Run;
  readonly #job: () => Job;
  readonly #server: RestServer;
  readonly #restarts = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #usage: UsageEvent | null = null;
  #port: number | null = null;
  #flinkHost = LOOPBACK;

  constructor(run: Run, job: () => Job) {
    this.#run = run;
    this.#job = job;
    const log = createLog((line) => run.logOf("host").write(line));
    this.#server = new RestServer({
      token: run.token,
      log,
      handle: async ({ method, path }) => {
        if (method !== "GET" || path !== "/metrics") throw new RestError(404, `There is no ${path}: GET /metrics.`);
        const { contentType, text } = await writeMetricFamilies(this.#view());
        return { kind: "text", status: 200, contentType, text };
      },
    });
    this.#unsubscribe = run.feed.subscribe((event) => {
      if (event.type === "usage") this.#usage = event;
      else if (event.type === "resourceRemoved") this.#restarts.delete(event.name);
      else if (event.type === "resource" && event.kind === "taskmanager" && event.pid !== null) {
        this.#restarts.set(event.name, event.restarts);
      }
    });
  }

  /** `flinkHost`: of its JobManager. */
  async listen(flinkHost: string): Promise<void> {
    this.#flinkHost = flinkHost;
    this.#port = await this.#server.listen(await choosePort());
  }

  close(): void {
    this.#unsubscribe();
    if (this.#port !== null) this.#server.close();
    this.#port = null;
  }

  /** None before it listens. */
  variables(): Record<string, string> {
    return this.#port === null ? {} : { [METRICS_VARIABLE]: `http://${LOOPBACK}:${this.#port}` };
  }

  #view() {
    const { flink, mirrored } = this.#run.seen;
    const processes = (this.#usage?.processes ?? []).flatMap(({ name, rssBytes }) => {
      const restarts = this.#restarts.get(name);
      return restarts === undefined ? [] : [{ name, rssBytes, restarts }];
    });
    const { jobId, jobName } = this.#job();
    const processed = mirrored?.total ?? null;
    return viewFlinkFamilies({ host: this.#flinkHost, jobId, jobName, figures: flink, processed, processes });
  }
}
