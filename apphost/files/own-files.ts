/**
 * Which files and folders are ours. Whoever may write a file decides what it says, so only what nobody but this user may
 * write is read back; and what it says never decides alone what is removed or killed (see `sweep.ts`). No package is
 * imported here: the watchdog uses this file.
 *
 * O1 Ours is what belongs to this user, is no symbolic link, and has no write permission for anybody else.
 * O2 It is opened first, and what was opened is judged: the name may lead elsewhere a moment later. On Linux what is
 *    removed from a folder is also reached through the opened folder, and by no path that somebody could bend.
 * O3 A file that is to be new is made exclusively and under a name that nobody can guess: nothing is written through what
 *    lies there already.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** What one look at a name gives. */
export type Ownership =
  | { readonly kind: "ours" }
  | { readonly kind: "missing" }
  /** Why it is not used; completes "PATH is not used: …". */
  | { readonly kind: "refused"; readonly reason: string };

export type OwnText = { readonly kind: "read"; readonly text: string } | Exclude<Ownership, { kind: "ours" }>;

type Kind = "file" | "folder";

/** Bits by which a group or everybody may write. */
const OTHERS_WRITE = 0o022;

export const inspectFolder = (path: string): Ownership =>
  openOwn(path, "folder", () => ({ kind: "ours" }) satisfies Ownership);

/** Reads a file whole. One that is longer than that was not written by us. */
export const readOwnFile = (path: string, bytesMax: number): OwnText =>
  openOwn(path, "file", (file, { size }): OwnText => {
    if (size > bytesMax)
      return { kind: "refused", reason: `it has ${size} bytes, and at most ${bytesMax} are expected` };
    const bytes = Buffer.alloc(size);
    return { kind: "read", text: bytes.subarray(0, readSync(file, bytes, 0, size, 0)).toString("utf8") };
  });

/** Removes a file or folder whose own folder is ours, and links as links. Returns why it could not; null: it is gone. */
export function removeOwn(path: string): string | null {
  const removed = openOwn(dirname(path), "folder", (folder): Ownership => {
    const reached = process.platform === "linux" ? `/proc/self/fd/${folder}` : dirname(path);
    try {
      rmSync(join(reached, basename(path)), { recursive: true, force: true, maxRetries: 5 });
      return { kind: "ours" };
    } catch (error) {
      return { kind: "refused", reason: (error as NodeJS.ErrnoException).code ?? String(error) };
    }
  });
  return removed.kind === "refused" ? `${path} could not be removed: ${removed.reason}` : null;
}

/**
 * Makes a folder for this user alone, and those above it that are missing; others may be making the same ones at this
 * moment. Node's own `recursive` never returns in a folder that exists and denies it when something is made in it, as
 * /proc does.
 */
export function makeFolders(path: string): void {
  if (makeFolder(path) === null) return;
  if (!existsSync(dirname(path))) makeFolders(dirname(path));
  const failure = makeFolder(path);
  if (failure !== null) throw failure;
}

/** Null: it is there. Otherwise why what it lies in is missing, or only seems to be. */
function makeFolder(path: string): NodeJS.ErrnoException | null {
  try {
    mkdirSync(path, { mode: 0o700 });
    return null;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return null;
    if (failure.code === "ENOENT") return failure;
    throw failure;
  }
}

/** Whether it is another folder than the one that was recorded in it, which is still there. One that was moved is none. */
export function isCopy(path: string, recorded: string): boolean {
  const [own, other] = [lookAt(path), lookAt(recorded)];
  return own !== undefined && other !== undefined && (own.ino !== other.ino || own.dev !== other.dev);
}

/** O3: a name beside `path`, for a file that will take its place. */
export const temporaryNameOf = (path: string): string => `${path}.${randomBytes(4).toString("hex")}.tmp`;

export const writeNewFile = (path: string, text: string): void =>
  writeFileSync(path, text, { flag: "wx", mode: 0o600 });

/** O1 and O2. The file is open while `use` works with it. */
function openOwn<T>(path: string, kind: Kind, use: (file: number, stats: Stats) => T) {
  let file: number;
  try {
    // What is no file, a pipe above all, must not keep us waiting in the opening of it.
    const flags = kind === "folder" ? constants.O_DIRECTORY : constants.O_NONBLOCK;
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | flags);
  } catch (error) {
    return explainClosed(path, kind, error as NodeJS.ErrnoException);
  }
  try {
    const stats = fstatSync(file);
    const flaw = findFlaw(stats, kind);
    return flaw === undefined ? use(file, stats) : ({ kind: "refused", reason: flaw } as const);
  } finally {
    closeSync(file);
  }
}

/** Undefined when it is ours. */
export function findFlaw(stats: Stats, kind: Kind): string | undefined {
  const own = process.getuid?.() ?? stats.uid;
  if (kind === "folder" ? !stats.isDirectory() : !stats.isFile()) return `it is not a ${kind}`;
  if (stats.uid !== own) return `it belongs to user ${stats.uid}, and this is user ${own}`;
  const mode = stats.mode & 0o777;
  return (mode & OTHERS_WRITE) === 0 ? undefined : `others may write it (mode ${mode.toString(8)})`;
}

/** Systems have several codes for a link that is not followed, so the link itself is looked at. */
function explainClosed(path: string, kind: Kind, error: NodeJS.ErrnoException): Exclude<Ownership, { kind: "ours" }> {
  // Also where it is there by now: somebody else may make it at this moment.
  if (error.code === "ENOENT") return { kind: "missing" };
  const stats = lookAt(path);
  if (stats === undefined && error.code === "ENOTDIR")
    return { kind: "refused", reason: "what it lies in is not a folder" };
  if (stats?.isSymbolicLink() === true) return { kind: "refused", reason: "it is a symbolic link" };
  const flaw = stats === undefined ? undefined : findFlaw(stats, kind);
  return { kind: "refused", reason: flaw ?? `it cannot be opened (${error.code ?? error.message})` };
}

/** What the system says of a path that leads nowhere: through a closed folder, a file, a circle of links, or too long a name. */
const DEAD_ENDS: readonly unknown[] = ["EACCES", "ENOTDIR", "ELOOP", "ENAMETOOLONG"];

/** Of the name itself, and not of what a link leads to. undefined: nothing there, or no way to it. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (DEAD_ENDS.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}
