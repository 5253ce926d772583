/** Where this user's caches are, by the custom of the system. What lies there may be removed at any time. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

const NAME = "flink-apphost";

/** Null where there is no such place: a user without a home. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string | null {
  const given = env["XDG_CACHE_HOME"] ?? "";
  // By its specification a relative path is to be ignored.
  if (isAbsolute(given)) return join(given, NAME);
  if (!isAbsolute(home)) return null;
  return platform === "darwin" ? join(home, "Library", "Caches", NAME) : join(home, ".cache", NAME);
}
