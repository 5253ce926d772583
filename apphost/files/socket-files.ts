/**
 * Where hosts listen, and what they leave there: `flink-apphost-<run id>.sock`, and beside it the link
 * `flink-apphost-<run id>.run` to the run's folder, by which `ps --all` finds the hosts of other projects.
 *
 * S1 A socket that nobody listens on is stale, and removed with its link; one that answers is never touched.
 * S2 A link without its socket is stale.
 * S3 Ours is a socket of this user with a name of that form, and a link of this user with the other. What is called so
 *    and is something else, or somebody else's, is neither read nor removed.
 */
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { lookAt } from "./own-files.ts";

/** The system's limit is 104 bytes on some. */
export const SOCKET_PATH_BYTES_MAX = 103;
const CONNECT_MS_MAX = 2_000;
/** Where sockets go whose path would be too long elsewhere. */
const SHORT_FOLDER = "/tmp";
/** 12 digits: as earlier versions named them. */
const SOCKET_NAME = /^flink-apphost-[0-9a-f]{8,12}\.sock$/;
const LINK_NAME = /^flink-apphost-[0-9a-f]{8,12}\.run$/;

/** The places in which a socket of ours may be. A terminal without XDG_RUNTIME_DIR looks where one with it has its own. */
export const socketFolders = (): readonly string[] => [
  ...new Set([socketFolder(), `/run/user/${process.getuid?.() ?? 0}`, tmpdir(), SHORT_FOLDER]),
];

/** Made from the run's id alone, so that nobody has to be believed where it is. */
export const socketName = (runId: string): string => `flink-apphost-${runId}.sock`;

function socketFolder(): string {
  const own = process.env["XDG_RUNTIME_DIR"] ?? "";
  return own !== "" && existsSync(own) ? own : tmpdir();
}

/** Those that Node asks for the folder of temporary files, in its order. */
const TEMPORARY_VARIABLES = ["TMPDIR", "TMP", "TEMP"];

/** Why no host can listen where its socket belongs, with the variable that says where; null: nothing speaks against it. */
export function findSocketFolderProblem(): { readonly what: string; readonly advice: string } | null {
  // Ids have one length, so any run's path is as good as the next one's.
  const folder = dirname(controlSocketPath("00000000"));
  const reason = findWriteObstacle(folder);
  if (reason === null) return null;
  const variable = ["XDG_RUNTIME_DIR", ...TEMPORARY_VARIABLES].find((name) => process.env[name] === folder);
  if (variable === undefined) {
    return { what: `no socket can be made in ${folder} (${reason})`, advice: "set TMPDIR to a folder of this user" };
  }
  return {
    what: `${variable} is "${folder}", and no socket can be made there (${reason})`,
    advice: "set it to a folder that this user may write, or unset it",
  };
}

function findWriteObstacle(folder: string): string | null {
  try {
    if (!statSync(folder).isDirectory()) return "it is not a folder";
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "it is not there";
    return code === "EACCES" || code === "EROFS" ? "it cannot be written" : (code ?? String(error));
  }
}

export function controlSocketPath(runId: string): string {
  const path = join(socketFolder(), socketName(runId));
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX ? path : join(SHORT_FOLDER, socketName(runId));
}

const linkOf = (socket: string): string => socket.replace(/\.sock$/, ".run");
const socketOf = (link: string): string => link.replace(/\.run$/, ".sock");

/** Makes the host findable from everywhere. */
export function linkRun(socket: string, runDir: string): void {
  const link = linkOf(socket);
  rmSync(link, { force: true });
  symlinkSync(runDir, link);
}

/** The run folders of this user's hosts, as their links say; what is behind them may be gone. */
export function listLinkedRuns(): string[] {
  return listFiles(isOwnLink).flatMap((link) => {
    try {
      return [readlinkSync(link)];
    } catch {
      // Its host ended between the listing and the reading.
      return [];
    }
  });
}

const placesOf = (runId: string): string[] => socketFolders().map((folder) => join(folder, socketName(runId)));

/** Where the host of a run listens: by its name, or else where the run's own record says, if a socket of ours is there. */
export function findControlSocket(runId: string, recorded: string): string {
  return [...placesOf(runId), recorded].find(isOwnSocket) ?? controlSocketPath(runId);
}

export const listSocketsOfRun = (runId: string): string[] => placesOf(runId).filter(isOwnSocket);

/** What a run that has ended left of both, wherever it had them. */
export async function removeSocketsOfRun(runId: string): Promise<void> {
  for (const socket of placesOf(runId)) {
    if (isOwnSocket(socket)) await removeIfStale(socket);
    else if (isOwnLink(linkOf(socket))) rmSync(linkOf(socket), { force: true });
  }
}

/** Returns the sockets that were removed (S1). */
export async function removeStaleSockets(): Promise<string[]> {
  const removed: string[] = [];
  for (const socket of listFiles(isOwnSocket)) if (await removeIfStale(socket)) removed.push(socket);
  for (const link of listFiles(isOwnLink)) if (!isOwnSocket(socketOf(link))) rmSync(link, { force: true });
  return removed;
}

/** Sockets on which nobody listens. */
export async function findStaleSockets(): Promise<string[]> {
  const stale: string[] = [];
  for (const socket of listFiles(isOwnSocket)) if (!(await isListening(socket))) stale.push(socket);
  return stale;
}

async function removeIfStale(socket: string): Promise<boolean> {
  if (await isListening(socket)) return false;
  rmSync(socket, { force: true });
  if (isOwnLink(linkOf(socket))) rmSync(linkOf(socket), { force: true });
  return true;
}

/** Only a refused connection means that nobody listens: a host that is busy, or stopped, is not gone. */
async function isListening(socket: string): Promise<boolean> {
  try {
    (await connectTo(socket)).destroy();
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ECONNREFUSED";
  }
}

/** Full paths. */
const listFiles = (isOwn: (path: string) => boolean): string[] =>
  socketFolders().flatMap((folder) =>
    listFolder(folder)
      .map((name) => join(folder, name))
      .filter(isOwn),
  );

/** One that is not there, or that this user may not list, has nothing that we could find: hardened machines hide /tmp. */
function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** S3. */
export const isOwnSocket = (path: string): boolean =>
  SOCKET_NAME.test(basename(path)) && lookAtOwn(path)?.isSocket() === true;

const isOwnLink = (path: string): boolean =>
  LINK_NAME.test(basename(path)) && lookAtOwn(path)?.isSymbolicLink() === true;

function lookAtOwn(path: string): Stats | undefined {
  const stats = lookAt(path);
  return stats?.uid === process.getuid?.() ? stats : undefined;
}

/** Throws what the system says when nobody listens there. */
export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error(`no answer within ${CONNECT_MS_MAX} ms`)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeListener("error", reject);
      // From here on a lost connection ends the reading loop.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
