/**
 * Where a container engine may listen, best first: what DOCKER_HOST or DOCKER_CONTEXT names, the current context of the
 * docker command, and the sockets that engines of all kinds use by default. Nothing is asked here.
 *
 * G1 An engine that was named by a variable is the only candidate: somebody who names one does not mean another.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface EnginePlace {
  /** What made us look there: `DOCKER_HOST`, `docker context colima`, `default socket`. */
  readonly source: string;
  /** `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`. */
  readonly target: string;
  /** Folder with `ca.pem`, `cert.pem` and `key.pem`; null for an engine without TLS. */
  readonly certificates: string | null;
  /** True when somebody asked for this place; false for the ones that are always tried. */
  readonly isNamed: boolean;
}

export function listEnginePlaces(env: Variables): EnginePlace[] {
  const host = env["DOCKER_HOST"] ?? "";
  if (host !== "") return [{ source: "DOCKER_HOST", target: host, certificates: certificatesOf(env), isNamed: true }];
  const named = env["DOCKER_CONTEXT"] ?? "";
  if (named !== "" && named !== "default") return [placeOfContext(env, named)];
  const current = readCurrentContext(env);
  const context = named === "" && current !== undefined ? [placeOfContext(env, current)] : [];
  const known = new Set(context.map(({ target }) => target));
  const defaults = defaultSockets(env)
    .map((path) => `unix://${path}`)
    .filter((target) => !known.has(target))
    .map((target) => ({ source: "default socket", target, certificates: null, isNamed: false }));
  return [...context, ...defaults];
}

/** As the docker command reads them: TLS only where it is asked for. */
function certificatesOf(env: Variables): string | null {
  if ((env["DOCKER_TLS_VERIFY"] ?? "") === "") return null;
  const folder = env["DOCKER_CERT_PATH"] ?? "";
  return folder === "" ? configFolder(env) : folder;
}

const homeOf = (env: Variables): string => {
  const home = env["HOME"] ?? "";
  return home === "" ? homedir() : home;
};

function configFolder(env: Variables): string {
  const folder = env["DOCKER_CONFIG"] ?? "";
  return folder === "" ? join(homeOf(env), ".docker") : folder;
}

/** undefined where the docker command has no context of its own: it then uses the default socket, as we do. */
function readCurrentContext(env: Variables): string | undefined {
  const config = readJson(join(configFolder(env), "config.json")) as { currentContext?: unknown } | undefined;
  const name = config?.currentContext;
  return typeof name === "string" && name !== "" && name !== "default" ? name : undefined;
}

/** The docker command keeps a context in a folder that is named by the hash of its name. */
function placeOfContext(env: Variables, name: string): EnginePlace {
  const id = createHash("sha256").update(name).digest("hex");
  const contexts = join(configFolder(env), "contexts");
  const meta = readJson(join(contexts, "meta", id, "meta.json")) as ContextMeta | undefined;
  const target = meta?.Endpoints?.docker?.Host;
  const tls = join(contexts, "tls", id, "docker");
  const isSecured =
    typeof target === "string" && target.startsWith("tcp://") && readText(join(tls, "ca.pem")) !== undefined;
  return {
    source: `docker context ${name}`,
    // An empty target is refused with words of its own when it is tried.
    target: typeof target === "string" ? target : "",
    certificates: isSecured ? tls : null,
    isNamed: true,
  };
}

interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: unknown } };
}

function defaultSockets(env: Variables): string[] {
  const home = homeOf(env);
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  const own = runtime === "" ? `/run/user/${process.getuid?.() ?? 0}` : runtime;
  return [
    "/var/run/docker.sock",
    // Rootless Docker; Docker Desktop; Colima; OrbStack; Rancher Desktop.
    join(own, "docker.sock"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
    join(home, ".colima/default/docker.sock"),
    join(home, ".orbstack/run/docker.sock"),
    join(home, ".rd/docker.sock"),
    // Podman's socket that speaks Docker's language: of the user, of the system, and of its machine on macOS.
    join(own, "podman/podman.sock"),
    "/run/podman/podman.sock",
    join(home, ".local/share/containers/podman/machine/podman.sock"),
  ];
}

function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    // A file that is no JSON names no engine; the docker command itself complains about it.
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not there, or not ours to read: either way it tells nothing.
    return undefined;
  }
}
