/** A real container engine for tests: whether there is one with the images, and looks into it. Nothing is pulled. */
import type Docker from "dockerode";
import { type Engine, findEngine } from "../../apphost/drivers/docker/engine.ts";
import { findImage } from "../../apphost/drivers/docker/image.ts";
import { listThings } from "../../apphost/drivers/docker/leftovers.ts";
import { CONTAINER_IMAGES } from "../../apphost/options.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

const IMAGES = [CONTAINER_IMAGES.kafka, CONTAINER_IMAGES.redis];

const lookup = await findEngine(process.env);
const missing = await findMissing(IMAGES);
const flinkMissing = await findMissing([CONTAINER_IMAGES.flink]);

function findMissing(images: readonly string[]): Promise<string | null> | string {
  return lookup.kind === "none" ? "no container engine answers" : findMissingImage(lookup.engine, images);
}

async function findMissingImage({ docker }: Engine, images: readonly string[]): Promise<string | null> {
  for (const name of images) {
    if ((await findImage(docker, name)) === undefined) return `image ${name} is not on this machine`;
  }
  return null;
}

/** Why Docker cannot be used here, or null. Throws instead where REQUIRE_REAL=1 asks for it. */
export function realDockerMissing(): string | null {
  if (missing !== null && process.env["REQUIRE_REAL"] === "1")
    throw new Error(`${missing}, and REQUIRE_REAL=1 asks for it`);
  return missing;
}

/** Beside the engine: Flink's image. Not missed with REQUIRE_REAL=1, as FLINK_HOME is not, from which it is built. */
export const realFlinkImageMissing = (): string | null => flinkMissing;

export const realEngine = (): Engine => present(lookup.kind === "found" ? lookup.engine : null, "a container engine");

/** Names of what a run has in the engine: containers, networks, volumes. */
export const listOfRun = async (runId: string): Promise<readonly string[]> =>
  (await listThings(realEngine().docker, runId)).map(({ kind, name }) => `${kind} ${name}`);

export async function containerOf(runId: string, resource: string): Promise<Docker.Container> {
  const { docker } = realEngine();
  return waitUntil(
    async () => {
      const label = [`dev.flink-apphost.run=${runId}`, `dev.flink-apphost.resource=${resource}`];
      const [found] = await docker.listContainers({ all: true, filters: { label } });
      return found === undefined ? undefined : docker.getContainer(found.Id);
    },
    { what: `a container of ${resource}`, deadlineMs: 60_000 },
  );
}

/** Everything of the run is gone from the engine, within the promised 10 s and what a busy machine adds. */
export const untilNothingOfRun = (runId: string, deadlineMs = 15_000): Promise<true> =>
  waitUntil(async () => ((await listOfRun(runId)).length === 0 ? true : undefined), {
    what: `nothing of run ${runId} in the engine`,
    deadlineMs,
    intervalMs: 100,
  });
