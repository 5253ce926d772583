/** What the engine has of ours: images, and what dead hosts left. It is only asked. */
import type { Engine } from "../drivers/docker-engine.ts";
import { isSameProcess } from "../orchestrator/process-identity.ts";

type Docker = Engine["docker"];
const LABEL = "dev.flink-apphost";

export async function findImage(docker: Docker, name: string): Promise<object | undefined> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

export async function listOfDeadOwners(docker: Docker): Promise<{ kind: "container"; name: string }[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${LABEL}.run`] } });
  return found
    .filter(({ Labels }) => {
      const startTime = Labels[`${LABEL}.owner-started`] ?? "";
      return startTime !== "" && !isSameProcess({ pid: Number(Labels[`${LABEL}.owner-pid`]), startTime });
    })
    .map(({ Id, Names }) => ({ kind: "container", name: (Names[0] ?? Id).replace(/^\//, "") }));
}
