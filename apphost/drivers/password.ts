import { randomInt } from "node:crypto";
import type { HostPort, RedisAddress } from "../../simulator/common/foundation/address.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 32;

/** Random per run, and alphanumeric: it goes through URLs, configuration lines and shells unchanged. */
export const createPassword = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");

/** A Redis of ours, with the user's name, as every Redis since 6 has it. */
export const ownRedis = (password: string, { host, port }: HostPort): RedisAddress => ({
  host,
  port,
  tls: false,
  username: "default",
  password,
  database: 0,
});
