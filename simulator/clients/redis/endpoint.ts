/** Where a Redis is and who we are there, read from a URL: redis[s]://[user[:password]@]host[:port][/db]. Pure. */
import { createError } from "../../common/foundation/errors.ts";
import { maskAddress } from "../../common/foundation/mask.ts";

export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Empty: the default user. */
  readonly username: string;
  /** Empty: none. */
  readonly password: string;
  readonly db: number;
  /** host:port, for messages: never with the password. */
  readonly text: string;
}

const EXPECTED = "redis[s]://[user[:password]@]host[:port][/db]";

/** Throws USAGE_OPTION_INVALID, with the password masked. */
export function parseRedisUrl(url: string): RedisEndpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = parsed?.protocol;
  if (parsed === undefined || (scheme !== "redis:" && scheme !== "rediss:") || parsed.hostname === "") {
    throw invalidUrl(url);
  }
  const db = /^\/?(\d{0,4})$/.exec(parsed.pathname)?.[1];
  if (db === undefined) throw invalidUrl(url);
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? 6379 : Number(parsed.port);
  return {
    host,
    port,
    tls: scheme === "rediss:",
    username: decodePart(parsed.username, url),
    password: decodePart(parsed.password, url),
    db: Number(db),
    text: `${parsed.hostname}:${port}`,
  };
}

function decodePart(part: string, url: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw invalidUrl(url, error);
  }
}

function invalidUrl(url: string, cause?: unknown): Error {
  const value = maskAddress(url);
  return createError("USAGE_OPTION_INVALID", { option: "the Redis URL", value, expected: EXPECTED }, cause);
}
