import { row } from "./error-row.ts";

/** Errors of the Redis client and of the scripts. */
export const redisErrors = {
  REDIS_UNREACHABLE: row<{ endpoint: string; attempts: number; waitedMs: number }>(
    "infrastructure",
    true,
    (p) =>
      `Redis at ${p.endpoint} did not answer in ${p.attempts} attempts over ${p.waitedMs} ms: is it running, and is the address right?`,
  ),
  REDIS_AUTHENTICATION_FAILED: row<{ endpoint: string }>(
    "infrastructure",
    false,
    (p) => `Redis at ${p.endpoint} refused the password: give the right one in --redis redis://:PASSWORD@HOST:PORT`,
  ),
  REDIS_CERTIFICATE_REFUSED: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `the certificate of Redis at ${p.endpoint} is not accepted (${p.reason}): name the file of the authority that signed it in NODE_EXTRA_CA_CERTS, or give the host by a name that is in it`,
  ),
  REDIS_NOT_ALLOWED: row<{ endpoint: string; reply: string }>(
    "infrastructure",
    false,
    (p) =>
      `Redis at ${p.endpoint} does not allow its user what the job needs (${p.reply}): grant it EVALSHA, EVAL, INFO, SELECT and the hash, string and key commands`,
  ),
  REDIS_BUSY: row<{ endpoint: string; reply: string; waitedMs: number }>(
    "infrastructure",
    true,
    (p) =>
      `Redis at ${p.endpoint} answered, but refused the call for ${p.waitedMs} ms (${p.reply}): free its memory or disk, let it finish loading, or point --redis at its primary`,
  ),
  REDIS_COMMAND_REFUSED: row<{ endpoint: string; command: string; reply: string }>(
    "infrastructure",
    false,
    (p) => `Redis at ${p.endpoint} refused ${p.command} (${p.reply}): is it Redis 6 or newer, and is the key free?`,
  ),
  REDIS_SERVER_CHANGED: row<{ endpoint: string; expected: string; found: string }>(
    "infrastructure",
    true,
    (p) =>
      `Redis at ${p.endpoint} restarted: its run_id is ${p.found} and the call was meant for ${p.expected}; read the run_id and the state again`,
  ),
  REDIS_ANSWER_INVALID: row<{ script: string; answer: string }>(
    "unexpected",
    false,
    (p) => `a script${p.script === "" ? "" : ` (${p.script})`} answered ${p.answer}, which is none of its answers`,
  ),
  REDIS_STATE_TOO_LARGE: row<{ fields: number; max: number }>(
    "usage",
    false,
    (p) =>
      `the job's state has ${p.fields} fields, and one atomic Redis write takes ${p.max}: give fewer partitions (11 fields each) or TaskManagers (1 each)`,
  ),
  REDIS_CLIENT_CLOSED: row<{ endpoint: string }>(
    "unexpected",
    false,
    (p) => `the client of Redis at ${p.endpoint} was closed before the answer came: nobody must call it after close`,
  ),
};
