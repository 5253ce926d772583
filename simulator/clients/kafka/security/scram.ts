/**
 * The client's side of SCRAM (RFC 5802, with SHA-256 and SHA-512 as RFC 7677 has it), as Kafka speaks it: without channel
 * binding, and with user and password as UTF-8, unprepared, since that is what its brokers and its own clients do.
 *
 *   firstMessage   → n,,n=<user>,r=<nonce>
 *                  ← r=<nonce and theirs>,s=<salt>,i=<iterations>
 *   finalMessage   → c=biws,r=<both nonces>,p=<proof>
 *                  ← v=<signature>   which only who knows the user can make: `checkFinal`
 *
 * C1 The server's nonce begins with ours and has more; otherwise an old exchange is played again to us.
 * C2 The password is never sent, nor anything of it with fewer iterations than any server should ask for; and nobody
 *    makes this client compute for minutes.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Why the server's message is not believed; completes "does not prove …: REASON". */
export type ScramReading<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "refused"; readonly reason: string };

/** RFC 7677's least number, which Kafka's clients ask for, too. */
const ITERATIONS_MIN = 4_096;
/** Sixty times Kafka's own maximum: a second or two. */
const ITERATIONS_MAX = 1_000_000;
/** The header "n,,": no channel binding, no other identity. */
const GS2_HEADER = "n,,";

const derive = promisify(pbkdf2);

export interface ScramOptions {
  readonly digest: "sha256" | "sha512";
  readonly username: string;
  readonly password: string;
  /** Printable, without a comma; never used twice. */
  readonly nonce: string;
}

export class ScramExchange {
  readonly #options: ScramOptions;
  readonly #firstBare: string;
  /** Known with `finalMessage`. */
  #serverSignature: Buffer | undefined;

  constructor(options: ScramOptions) {
    this.#options = options;
    this.#firstBare = `n=${escapeName(options.username)},r=${options.nonce}`;
  }

  get firstMessage(): string {
    return GS2_HEADER + this.#firstBare;
  }

  async finalMessage(serverFirst: string): Promise<ScramReading<string>> {
    const [, nonce = "", saltText = "", iterationsText = ""] = SERVER_FIRST.exec(serverFirst) ?? [];
    if (nonce === "") return refused("its first message is not one of SCRAM");
    if (!nonce.startsWith(this.#options.nonce) || nonce === this.#options.nonce) {
      return refused("its nonce does not continue ours");
    }
    const iterations = Number(iterationsText);
    if (iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX) {
      return refused(`it asks for ${iterations} iterations, and ${ITERATIONS_MIN} to ${ITERATIONS_MAX} are allowed`);
    }
    const { digest, password } = this.#options;
    const salted = await derive(password, Buffer.from(saltText, "base64"), iterations, DIGEST_BYTES[digest], digest);
    const withoutProof = `c=${Buffer.from(GS2_HEADER).toString("base64")},r=${nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const clientKey = this.#hmac(salted, "Client Key");
    const signature = this.#hmac(createHash(digest).update(clientKey).digest(), authMessage);
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] as number));
    this.#serverSignature = this.#hmac(this.#hmac(salted, "Server Key"), authMessage);
    return { kind: "read", value: `${withoutProof},p=${Buffer.from(proof).toString("base64")}` };
  }

  /** Undefined when the server has proved itself; otherwise why not. */
  checkFinal(serverFinal: string): string | undefined {
    const [, error, signatureText = ""] = SERVER_FINAL.exec(serverFinal) ?? [];
    if (error !== undefined) return `it answers the error "${error}"`;
    const signature = Buffer.from(signatureText, "base64");
    const expected = this.#serverSignature;
    if (expected === undefined || signature.length !== expected.length) return "its last message has no signature";
    return timingSafeEqual(signature, expected) ? undefined : "its signature is not made with the user's key";
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#options.digest, key).update(text).digest();
  }
}

const DIGEST_BYTES = { sha256: 32, sha512: 64 } as const;
/** Extensions may follow, and none may come before: `m=` would be one that must be understood. */
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=([1-9]\d{0,8})(?:,.*)?$/;
const SERVER_FINAL = /^(?:e=([^,]*)|v=([A-Za-z0-9+/]+=*))(?:,.*)?$/;

const refused = (reason: string) => ({ kind: "refused", reason }) as const;

const escapeName = (name: string): string => name.replaceAll("=", "=3D").replaceAll(",", "=2C");
