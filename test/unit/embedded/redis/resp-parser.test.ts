/** RespParser: requests are the same however the stream is cut, and every length is bounded. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RespError, type RespLimits, RespParser } from "../../../../simulator/embedded/redis/resp-parser.ts";
import { walkSeed } from "../../../support/script-walk.ts";

const LIMITS: RespLimits = { argumentsMax: 8, bulkBytesMax: 64, requestBytesMax: 100 };

function parse(chunks: readonly Buffer[], limits: RespLimits = LIMITS): string[][] {
  const requests: string[][] = [];
  const parser = new RespParser(limits);
  for (const chunk of chunks) parser.push(chunk, (request) => requests.push(request));
  return requests;
}

const bytes = (text: string) => [Buffer.from(text, "latin1")];

const encode = (request: readonly string[]): string =>
  `*${request.length}\r\n${request.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;

describe("RespParser", () => {
  it("gives the same requests however the stream is cut", () => {
    const argument = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
      maxLength: 12,
    });
    const requests = fc.array(fc.array(argument, { minLength: 1, maxLength: 8 }), { maxLength: 5 });
    fc.assert(
      fc.property(requests, fc.array(fc.nat(400), { maxLength: 10 }), (expected, cuts) => {
        const stream = Buffer.from(expected.map(encode).join(""), "latin1");
        const positions = [
          0,
          ...cuts.map((cut) => Math.min(cut, stream.length)).toSorted((a, b) => a - b),
          stream.length,
        ];
        const chunks = positions.slice(1).map((to, i) => stream.subarray(positions[i], to));
        expect(parse(chunks)).toEqual(expected);
        expect(parse([...stream].map((byte) => Buffer.of(byte)))).toEqual(expected);
      }),
      { seed: walkSeed(), numRuns: 200 },
    );
  });

  it("reads inline requests, and passes over empty ones", () => {
    expect(parse(bytes("PING\r\n\r\n*0\r\n*-1\r\n  set  a\tb \nGET a\r\n"))).toEqual([
      ["PING"],
      ["set", "a", "b"],
      ["GET", "a"],
    ]);
  });

  it.each([
    ["too many arguments", "*9\r\n"],
    ["a length that is no number", "*x\r\n"],
    ["a count of eleven digits", "*12345678901\r\n"],
    ["an argument that is too long", "*1\r\n$65\r\n"],
    ["a negative length", "*1\r\n$-1\r\n"],
    ["a request that is too long in all", `*2\r\n$60\r\n${"a".repeat(60)}\r\n$60\r\n`],
    ["no length where one is due", "*1\r\nPING\r\n"],
    ["bytes behind the argument's end", "*1\r\n$2\r\nabcd\r\n"],
    ["a line that never ends", "a".repeat(70_000)],
    ["too many words", "a b c d e f g h i\r\n"],
  ])("refuses %s", (_what, text) => {
    expect(() => parse(bytes(text))).toThrow(RespError);
  });
});
