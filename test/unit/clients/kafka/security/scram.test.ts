import { describe, expect, it } from "vitest";
import { ScramExchange } from "../../../../../simulator/clients/kafka/security/scram.ts";

/** The exchange of RFC 7677, section 3. */
const NONCE = "rOprNGfwEbeRWgbNEkqO";
const BOTH_NONCES = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const SERVER_FIRST = `r=${BOTH_NONCES},s=${SALT},i=4096`;
const SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

const begin = (change: { username?: string; password?: string } = {}) =>
  new ScramExchange({ digest: "sha256", username: "user", password: "pencil", nonce: NONCE, ...change });

describe("SCRAM", () => {
  it("speaks as RFC 7677 has it, and believes a server that knows the user", async () => {
    const exchange = begin();
    expect(exchange.firstMessage).toBe(`n,,n=user,r=${NONCE}`);
    expect(await exchange.finalMessage(SERVER_FIRST)).toEqual({
      kind: "read",
      value: `c=biws,r=${BOTH_NONCES},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    });
    expect(exchange.checkFinal(SERVER_FINAL)).toBeUndefined();
  });

  it("writes the signs of a name that have a meaning as their codes", () => {
    expect(begin({ username: "a=b,c" }).firstMessage).toBe(`n,,n=a=3Db=2Cc,r=${NONCE}`);
  });

  it.each([
    ["r=another,s=c2FsdA==,i=4096", "its nonce does not continue ours"],
    [`r=${NONCE},s=${SALT},i=4096`, "its nonce does not continue ours"],
    [`r=${BOTH_NONCES},s=${SALT},i=4095`, "it asks for 4095 iterations"],
    [`r=${BOTH_NONCES},s=${SALT},i=1000001`, "it asks for 1000001 iterations"],
    [`m=must,r=${BOTH_NONCES},s=${SALT},i=4096`, "is not one of SCRAM"],
    ["", "is not one of SCRAM"],
  ])("does not go on with a server that says %s", async (serverFirst, reason) => {
    expect(await begin().finalMessage(serverFirst)).toEqual({
      kind: "refused",
      reason: expect.stringContaining(reason),
    });
  });

  it.each([
    ["v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "is not made with the user's key"],
    ["v=AAAA", "has no signature"],
    ["", "has no signature"],
    ["e=other-error", 'answers the error "other-error"'],
  ])("does not believe a server that ends with %s", async (serverFinal, reason) => {
    const exchange = begin();
    await exchange.finalMessage(SERVER_FIRST);
    expect(exchange.checkFinal(serverFinal)).toContain(reason);
  });

  it("does not believe a server before it was asked", () => {
    expect(begin().checkFinal(SERVER_FINAL)).toContain("has no signature");
  });
});
