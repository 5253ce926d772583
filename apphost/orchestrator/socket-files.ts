/**
 * What running hosts leave in the folder of sockets: `flink-apphost-<hash>.sock`, and beside it the link
 * `flink-apphost-<hash>.run` to the run's folder, by which `ps --all` finds the hosts of other projects.
 *
 * S1 A socket that nobody listens on is stale, and removed with its link; one that answers is never touched.
 * S2 A link without its socket is stale. Files of other users are neither read nor removed.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { connectTo, SOCKET_PREFIX, socketFolders } from "./control-socket.ts";

const SOCKET_END = ".sock";
const LINK_END = ".run";

const linkOf = (socket: string): string => `${socket.slice(0, -SOCKET_END.length)}${LINK_END}`;
const socketOf = (link: string): string => `${link.slice(0, -LINK_END.length)}${SOCKET_END}`;

/** Makes the host findable from everywhere. Returns the link, which must not outlive the host. */
export function linkRun(socket: string, runDir: string): string {
  const link = linkOf(socket);
  rmSync(link, { force: true });
  symlinkSync(runDir, link);
  return link;
}

/** The run folders of this user's hosts, as their links say; what is behind them may be gone. */
export function listLinkedRuns(): string[] {
  return listFiles(LINK_END).flatMap((link) => {
    try {
      return [readlinkSync(link)];
    } catch {
      // Its host ended between the listing and the reading.
      return [];
    }
  });
}

/** Returns the sockets that were removed (S1). */
export async function removeStaleSockets(): Promise<string[]> {
  const stale = await findStaleSockets();
  for (const socket of stale) {
    rmSync(socket, { force: true });
    rmSync(linkOf(socket), { force: true });
  }
  for (const link of listFiles(LINK_END)) if (!existsSync(socketOf(link))) rmSync(link, { force: true });
  return stale;
}

/** Sockets on which nobody listens. */
export async function findStaleSockets(): Promise<string[]> {
  const stale: string[] = [];
  for (const socket of listFiles(SOCKET_END)) if (!(await isListening(socket))) stale.push(socket);
  return stale;
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

/** Full paths of our files with that end. */
function listFiles(end: string): string[] {
  return socketFolders().flatMap((folder) =>
    listFolder(folder)
      .filter((name) => name.startsWith(SOCKET_PREFIX) && name.endsWith(end))
      .map((name) => join(folder, name))
      .filter(isOurs),
  );
}

/** One that is not there, or that this user may not list, has nothing that we could find: hardened machines hide /tmp. */
function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

function isOurs(path: string): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false });
  return file !== undefined && file.uid === process.getuid?.();
}
