/** Who listens on a port, as far as /proc tells: Linux only, and only of processes that this user may look into. */
import { readdir, readFile, readlink } from "node:fs/promises";

export type PortHolder =
  | { readonly kind: "process"; readonly pid: number; readonly name: string }
  /** Somebody listens, and this user may not see who. */
  | { readonly kind: "hidden"; readonly userId: number }
  /** Nobody is seen listening, or the system has no such tables. */
  | { readonly kind: "unknown" };

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
const LISTEN = "0A";

export async function findPortHolder(port: number): Promise<PortHolder> {
  const texts = await Promise.all(TABLES.map((path) => readFile(path, "latin1").catch(() => "")));
  const socket = texts.map((text) => findListener(text, port)).find((found) => found !== undefined);
  if (socket === undefined) return { kind: "unknown" };
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (!(await holdsSocket(pid, socket.inode))) continue;
    // It may end at any moment; its number alone is an answer, too.
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    return { kind: "process", pid: Number(pid), name: name.trim() };
  }
  return { kind: "hidden", userId: socket.userId };
}

/** In a table of /proc/net/tcp: `sl local_address rem_address st … uid timeout inode`, addresses and ports in hex. */
export function findListener(table: string, port: number): { inode: string; userId: number } | undefined {
  for (const line of table.split("\n").slice(1)) {
    const [, local = "", , state, , , , userId, , inode] = line.trim().split(/\s+/);
    const localPort = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16);
    if (state === LISTEN && localPort === port && inode !== undefined) return { inode, userId: Number(userId) };
  }
  return undefined;
}

async function holdsSocket(pid: string, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  try {
    const links = await Promise.all(
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => "")),
    );
    return links.includes(`socket:[${inode}]`);
  } catch {
    // Somebody else's process, or one that has just ended.
    return false;
  }
}
