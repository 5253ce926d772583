/**
 * What several checks want to know, each looked up once: the engine with its images, what native mode lacks, and the
 * modes that follow. Nothing is asked before somebody wants it.
 */

import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { type Engine, type EngineLookup, findEngine } from "../drivers/docker/engine.ts";
import { listEnginePlaces } from "../drivers/docker/engine-places.ts";
import { findImage } from "../drivers/docker/image.ts";
import type { InfrastructureMode, ServerKind } from "../drivers/driver.ts";
import { createNativeDriver } from "../drivers/native.ts";
import type { HostOptions, Variables } from "../options.ts";

/** Below the deadline of a check, so that each can still say which of them hung. */
const LOOK_MS_MAX = 4_000;

export interface ImageState {
  readonly name: string;
  readonly isLocal: boolean;
}

/** What there is for one server. */
export interface Supply {
  /** null: no engine answers. */
  readonly engine: { readonly version: string; readonly image: ImageState } | null;
  /** Why native mode cannot work; undefined when it can. */
  readonly nativeObstacle: string | undefined;
}

export interface Prospect {
  readonly mode: InfrastructureMode;
  readonly reason: string;
}

export type Prospects = Readonly<Record<ServerKind, Prospect>>;
export type ServerModes = Readonly<Record<ServerKind, InfrastructureMode>>;

export interface Lookups {
  readonly engine: () => Promise<EngineLookup>;
  readonly images: () => Promise<Readonly<Record<ServerKind, ImageState>> | null>;
  readonly flinkImage: () => Promise<ImageState | null>;
  /** What `auto` would take, whatever was asked for. */
  readonly prospects: () => Promise<Prospects>;
  /** What a run with these options takes. */
  readonly modes: () => Promise<ServerModes>;
}

export function createLookups(options: HostOptions, env: Variables): Lookups {
  const engine = once(() => lookForEngine(env, LOOK_MS_MAX));
  const images = once(async () => lookForImages(await engine(), options));
  const flinkImage = once(async () => {
    const lookup = await engine();
    return lookup.kind === "none" ? null : lookForImage(lookup.engine, options.flinkImage);
  });
  const prospects = once(async () => {
    const [found, states] = await Promise.all([engine(), images()]);
    const supplyOf = async (kind: ServerKind): Promise<Supply> => ({
      engine: found.kind === "none" || states === null ? null : { version: found.engine.version, image: states[kind] },
      nativeObstacle: await findNativeObstacle(kind, env),
    });
    const [kafka, redis] = await Promise.all([supplyOf("kafka"), supplyOf("redis")]);
    return { kafka: predictAuto(kafka), redis: predictAuto(redis) };
  });
  const modes = async () => {
    const auto = await prospects();
    return { kafka: modeOf("kafka", options, auto), redis: modeOf("redis", options, auto) };
  };
  return { engine, images, flinkImage, prospects, modes };
}

const lookForEngine = (env: Variables, deadlineMs: number): Promise<EngineLookup> =>
  findEngine(env, listEnginePlaces(env), deadlineMs);

/** null: there is no engine to ask. */
async function lookForImages(
  lookup: EngineLookup,
  options: HostOptions,
): Promise<Readonly<Record<ServerKind, ImageState>> | null> {
  if (lookup.kind === "none") return null;
  const look = (name: string) => lookForImage(lookup.engine, name);
  const [kafka, redis] = await Promise.all([look(options.kafkaImage), look(options.redisImage)]);
  return { kafka, redis };
}

const lookForImage = async ({ docker }: Engine, name: string): Promise<ImageState> => ({
  name,
  isLocal: (await findImage(docker, name)) !== undefined,
});

const modeOf = (kind: ServerKind, options: HostOptions, auto: Prospects): InfrastructureMode => {
  if (options[kind] !== null) return "external";
  return options.infra === "auto" ? auto[kind].mode : options.infra;
};

async function findNativeObstacle(kind: ServerKind, env: Variables): Promise<string | undefined> {
  try {
    const obstacle = createNativeDriver(env).findObstacle(kind);
    return await withDeadline(obstacle, { what: "the answer of native mode", deadlineMs: LOOK_MS_MAX });
  } catch (error) {
    return describeError(error);
  }
}

/** As `auto` decides: container, then program, then ours. Pure. */
export function predictAuto({ engine, nativeObstacle }: Supply): Prospect {
  if (engine !== null) {
    const answers = `engine ${engine.version} answers`;
    const { image } = engine;
    const next = nativeObstacle === undefined ? "native" : "embedded";
    if (image.isLocal) return { mode: "docker", reason: `${answers}, ${image.name} is here` };
    return { mode: "docker", reason: `${answers}; ${image.name} would be pulled, and if that fails: ${next}` };
  }
  if (nativeObstacle === undefined) return { mode: "native", reason: "no container engine; installed here" };
  return { mode: "embedded", reason: `no container engine; ${nativeObstacle}` };
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= look();
    return result;
  };
}
