import { randomInt } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 32;

/** Random per run, and alphanumeric: it goes through URLs, configuration lines and shells unchanged. */
export const createPassword = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");

/** With the user's name, as every Redis since 6 has it: redis-cli would send an empty one for `redis://:PASSWORD@…`. */
export const formatRedisUrl = (password: string, endpoint: string): string => `redis://default:${password}@${endpoint}`;
