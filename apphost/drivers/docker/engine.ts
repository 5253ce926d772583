/**
 * Finds the container engine of this machine, and says of every place why it was not there.
 *
 * G2 All places together get 5 s; they are asked at the same time, and the best one that answers is taken.
 * G3 Of each place that was tried the reason is kept, in words that say what to do.
 * G4 dockerode, which takes a while to load, is loaded only when there is a socket to ask.
 */
import { readFileSync, statSync } from "node:fs";
import type { Agent as HttpAgent } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import type Docker from "dockerode";
import { isLoopback } from "../../../simulator/common/foundation/address.ts";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../simulator/common/foundation/errors.ts";
import { maskTyped } from "../../../simulator/common/foundation/mask.ts";
import { type EnginePlace, listEnginePlaces, type Variables } from "./engine-places.ts";

export interface Engine {
  readonly docker: Docker;
  /** `unix:///var/run/docker.sock`; another process of ours opens the engine by it. */
  readonly address: string;
  readonly source: string;
  readonly version: string;
  readonly apiVersion: string;
}

export interface EngineAttempt {
  readonly source: string;
  readonly target: string;
  readonly reason: string;
  /** A default place with nothing in it: no sign that anybody wants an engine here. */
  readonly isAbsent: boolean;
}

export type EngineLookup =
  | { readonly kind: "found"; readonly engine: Engine }
  | { readonly kind: "none"; readonly attempts: readonly EngineAttempt[] };

export const ANSWER_MS_MAX = 5_000;
/** Of Docker 20.10, the oldest against which this was run; Podman says that it speaks the same. */
const API_MIN = { major: 1, minor: 41 };
const API_MIN_TEXT = `${API_MIN.major}.${API_MIN.minor}`;

export async function findEngine(
  env: Variables,
  places: readonly EnginePlace[] = listEnginePlaces(env),
  answerMsMax = ANSWER_MS_MAX,
): Promise<EngineLookup> {
  const tries = places.map((place) => tryPlace(place, answerMsMax));
  const attempts: EngineAttempt[] = [];
  for (const one of tries) {
    const result = await one;
    if (result.kind === "found") return result;
    attempts.push(result.attempt);
  }
  return { kind: "none", attempts };
}

/** For a line of an error or a notice. Default sockets that do not exist are told together. */
export function describeAttempts(attempts: readonly EngineAttempt[]): string {
  const present = attempts.filter(({ isAbsent }) => !isAbsent);
  const absent = attempts.filter(({ isAbsent }) => isAbsent).map(({ target }) => target.replace(/^unix:\/\//, ""));
  const lines = present.map(
    ({ source, target, reason }) => `${source} (${target === "" ? "no address" : maskTyped(target)}): ${reason}`,
  );
  if (absent.length > 0) lines.push(`no socket at ${absent.join(", ")}`);
  return lines.join("; ");
}

/** Whether there was any sign of an engine: a machine without one is not told about it again and again. */
export const hasEngineSign = (attempts: readonly EngineAttempt[]): boolean =>
  attempts.some(({ isAbsent }) => !isAbsent);

type Try =
  | { readonly kind: "found"; readonly engine: Engine }
  | { readonly kind: "failed"; readonly attempt: EngineAttempt };

async function tryPlace(place: EnginePlace, answerMsMax: number): Promise<Try> {
  const { source, target } = place;
  const fail = (reason: string, isAbsent = false): Try => ({
    kind: "failed",
    attempt: { source, target, reason, isAbsent },
  });
  const path = socketPathOf(target);
  if (path !== null && !isThere(path)) return fail("there is no such socket: is the engine running?", !place.isNamed);
  const obstacle = findAddressObstacle(target);
  if (obstacle !== undefined) return fail(obstacle);
  try {
    const docker = await connect(place);
    const what = `an answer of ${target}`;
    const { Version, ApiVersion, Os } = await withDeadline(docker.version(), { what, deadlineMs: answerMsMax });
    if (Os === "windows") return fail("it runs Windows containers: switch it to Linux containers");
    if (!isNewEnough(ApiVersion)) {
      return fail(`it speaks API ${ApiVersion}, and ${API_MIN_TEXT} or newer is needed: update it to 20.10 or newer`);
    }
    return { kind: "found", engine: { docker, address: target, source, version: Version, apiVersion: ApiVersion } };
  } catch (error) {
    return fail(explainFailure(error, path, answerMsMax));
  }
}

/** Opens an engine that is known to be there, by its address. Throws when that is not one of this machine. */
export async function openEngine(address: string, env: Variables): Promise<Docker> {
  const obstacle = findAddressObstacle(address);
  if (obstacle !== undefined) throw createError("ENGINE_CALL_FAILED", { call: `be opened at ${address}: ${obstacle}` });
  const known = listEnginePlaces(env).find(({ target }) => target === address);
  return connect(known ?? { source: "address", target: address, certificates: null, isNamed: true });
}

/** The client takes an agent, though its types do not say so. */
type ClientOptions = Docker.DockerOptions & { readonly agent: HttpAgent };

/** With an agent of our own: Node's would send the calls to a proxy if the environment names one. */
async function connect(place: EnginePlace): Promise<Docker> {
  const { default: Client } = await import("dockerode");
  return new Client(await createClientOptions(place));
}

async function createClientOptions({ target, certificates }: EnginePlace): Promise<ClientOptions> {
  const socketPath = socketPathOf(target);
  // An `import` would look at all that this module has, and with its WebSocket load `fetch`.
  const { Agent } = process.getBuiltinModule("node:http");
  const agent = describeBriefly(new Agent({ keepAlive: true }));
  // Without a host given dockerode takes that of DOCKER_HOST, whatever the socket.
  if (socketPath !== null) return { socketPath, host: "", agent };
  const { hostname: host, port } = new URL(target);
  if (certificates === null) return { host, port: port || "2375", protocol: "http", agent };
  const read = (name: string) => readFileSync(join(certificates, name));
  const tls = { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  const { Agent: HttpsAgent } = await import("node:https");
  const secured = describeBriefly(new HttpsAgent({ keepAlive: true }));
  return { host, port: port || "2376", protocol: "https", agent: secured, ...tls };
}

/**
 * For each call the client writes all that it sends as text, for a log that nobody has asked for, to any depth: with the
 * agent that is every open socket, and took more CPU than the call.
 */
const describeBriefly = <Agent extends HttpAgent>(agent: Agent): Agent =>
  Object.assign(agent, { [inspect.custom]: () => "Agent" });

const socketPathOf = (target: string): string | null => (target.startsWith("unix://") ? target.slice(7) : null);

/** Containers publish their ports on the engine's machine: on another one they would not be at 127.0.0.1. */
function findAddressObstacle(target: string): string | undefined {
  if (target === "") return "the docker command has no context of that name, or it names no engine";
  if (target.startsWith("unix://")) return undefined;
  if (!/^(tcp|http|https):\/\//.test(target) || !URL.canParse(target)) {
    return "only unix:// and tcp:// addresses of this machine can be used";
  }
  const { hostname } = new URL(target);
  return isLoopback(hostname) ? undefined : "it is on another machine, where 127.0.0.1 is not ours";
}

function isThere(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch (error) {
    // A folder that we may not look into: connecting will say so.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

function isNewEnough(apiVersion: string): boolean {
  const [major = 0, minor = 0] = apiVersion.split(".").map(Number);
  return major > API_MIN.major || (major === API_MIN.major && minor >= API_MIN.minor);
}

function explainFailure(error: unknown, path: string | null, answerMsMax: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return `permission denied: ${path === null ? message : describePermission(path)}`;
    case "ECONNREFUSED":
      return "nobody listens there: the engine's daemon is not running, start it";
    case "ENOENT":
      return "there is no such socket: is the engine running?";
    case "DEADLINE_EXCEEDED":
      return `no answer within ${answerMsMax} ms: the engine hangs or is still starting`;
    default:
      return `it gave no answer that is an engine's: ${message.trim()}`;
  }
}

/** Most installations let a group in: name it, and how to get into it. */
function describePermission(path: string): string {
  try {
    const { gid, uid, mode } = statSync(path);
    const group = nameOfGroup(gid);
    const rights = `the socket belongs to user ${uid} and group ${group}, mode ${(mode & 0o777).toString(8)}`;
    const isForGroup = (mode & 0o060) === 0o060 && gid !== 0;
    const advice = isForGroup ? `sudo usermod -aG ${group} "$USER", and log in anew` : "ask whoever runs the engine";
    return `${rights}; ${advice}`;
  } catch {
    // The folder around it is closed to us as well.
    return "its folder is closed to this user; ask whoever runs the engine";
  }
}

function nameOfGroup(gid: number): string {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((entry) => entry.split(":")[2] === String(gid));
    return line?.split(":")[0] ?? String(gid);
  } catch {
    // Systems without that file have their groups elsewhere; the number names it as well.
    return String(gid);
  }
}
