import { describe, expect, it } from "vitest";
import { meaningOf, refusalError } from "../../../../simulator/clients/redis/server-replies.ts";
import { redisAt } from "../../../support/addresses.ts";

const endpoint = redisAt("redis://127.0.0.1:7000");

function reply(message: string): Error {
  const error = new Error(message);
  error.name = "ReplyError";
  return error;
}

it("a reply that repeats the password does not carry it into an error", () => {
  const secured = redisAt("redis://:Tr0ub4dor@127.0.0.1:7000");
  const echo = reply("ERR unknown command `AUTH`, with args beginning with: `Tr0ub4dor`");
  expect(refusalError(secured, "AUTH", echo).message).toContain("beginning with: `***`");
});

describe("meaningOf", () => {
  it.each([
    ["NOSCRIPT No matching script. Please use EVAL.", "noScript"],
    ["LOADING Redis is loading the dataset in memory", "later"],
    ["BUSY Redis is busy running a script.", "later"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "later"],
    ["MISCONF Redis is configured to save RDB snapshots, but …", "later"],
    ["ERR max number of clients reached", "later"],
    ["READONLY You can't write against a read only replica.", "elsewhere"],
    ["NOAUTH Authentication required.", "authentication"],
    ["WRONGPASS invalid username-password pair or user is disabled.", "authentication"],
    ["NOPERM this user has no permissions to run the 'evalsha' command", "notAllowed"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "refused"],
    ["ERR unknown command 'EVALSHA'", "refused"],
  ])("%s", (message, meaning) => {
    expect(meaningOf(reply(message))).toBe(meaning);
  });

  it("is undefined for what the server did not say", () => {
    expect(meaningOf(new Error("Connection is closed."))).toBeUndefined();
    expect(meaningOf("LOADING")).toBeUndefined();
  });
});

describe("refusalError", () => {
  it.each([
    ["WRONGPASS x", "REDIS_AUTHENTICATION_FAILED"],
    ["NOPERM x", "REDIS_NOT_ALLOWED"],
    ["WRONGTYPE x", "REDIS_COMMAND_REFUSED"],
  ])("%s becomes %s, with the endpoint and no arguments", (message, code) => {
    const error = refusalError(endpoint, "APPLY", Object.assign(reply(message), { command: { args: ["topsecret"] } }));
    expect(error).toMatchObject({ code, category: "infrastructure", retryable: false });
    expect(error.message).toContain("127.0.0.1:7000");
    expect(JSON.stringify([error, error.cause])).not.toContain("topsecret");
  });
});
