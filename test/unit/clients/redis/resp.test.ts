import { describe, expect, it } from "vitest";
import {
  encodeCommand,
  type Reply,
  ReplyError,
  ReplyParser,
  RespMalformedError,
} from "../../../../simulator/clients/redis/wire/resp.ts";

/** Each way of cutting the text in two, and one byte at a time. */
function* cuts(text: string): Generator<Buffer[]> {
  const bytes = Buffer.from(text);
  for (let at = 0; at <= bytes.length; at += 1) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

function parse(chunks: readonly Buffer[]): Reply[] {
  const replies: Reply[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply));
  for (const chunk of chunks) {
    // The socket's buffer is used again for the next chunk.
    const reused = Buffer.from(chunk);
    parser.push(reused);
    reused.fill(0);
  }
  return replies;
}

describe("encodeCommand", () => {
  it("counts bytes, not characters", () => {
    expect(encodeCommand(["SET", "k", "grün"])).toBe("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\ngrün\r\n");
  });
});

describe("ReplyParser", () => {
  const cases: readonly (readonly [string, readonly Reply[]])[] = [
    ["+OK\r\n:-7\r\n", ["OK", -7]],
    ["$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n", [null, null, [], ""]],
    ["$8\r\na\r\nb\r\nü\r\n", ["a\r\nb\r\nü"]],
    [
      "*2\r\n$2\r\nOK\r\n$6\r\n674357\r\n*2\r\n$3\r\nDUP\r\n$1\r\n1\r\n",
      [
        ["OK", "674357"],
        ["DUP", "1"],
      ],
    ],
    ["*2\r\n*1\r\n:1\r\n-NOSCRIPT no\r\n", [[[1], new ReplyError("NOSCRIPT no")]]],
    ["-LOADING wait\r\n+PONG\r\n", [new ReplyError("LOADING wait"), "PONG"]],
  ];

  it.each(cases)("reads %j however it is cut", (text, expected) => {
    for (const chunks of cuts(text)) expect(parse(chunks)).toEqual(expected);
  });

  it.each(["?what\r\n", ":12x\r\n", ":\r\n", "$-2\r\n", "$1\r\nabc\r\n", "*-3\r\n", "*1\r\n".repeat(9)])(
    "refuses %j",
    (text) => {
      expect(() => parse([Buffer.from(text)])).toThrow(RespMalformedError);
    },
  );
});
