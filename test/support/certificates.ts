/**
 * Certificates for tests of TLS, made with the openssl program (Node can make keys, and no certificates): an authority of
 * its own, and the certificates that it signed: good ones, and two that a client must refuse.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificates {
  /** What a client must trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** Key and certificate of the server in one file, as a broker takes them. */
  readonly store: string;
  /** The same of a server that is called otherwise, and of one whose certificate is no longer valid. */
  readonly otherHostStore: string;
  readonly expiredStore: string;
  /** Of a client that the authority knows. */
  readonly clientStore: string;
  /** Of another authority, which has signed nothing here. */
  readonly otherAuthority: string;
  remove(): void;
}

/** `subjects`: what the server may be called, as openssl writes it: `IP:127.0.0.1`, `DNS:localhost`. */
export function createCertificates(subjects: readonly string[]): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-tls-"));
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args.join(" ")} failed: ${stderr}`);
  };
  const createAuthority = (name: string) => {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    openssl("req", "-x509", ...NEW_KEY, ...files, "-days", "2", "-subj", "/CN=test authority");
  };
  const createStore = (
    name: string,
    names: readonly string[],
    validity: readonly string[] = ["-days", "2"],
  ): string => {
    openssl("req", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=test ${name}`);
    writeFileSync(path("extensions"), `subjectAltName=${names.join(",")}\n`);
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`, ...validity);
    const parts = [`${name}.key`, `${name}.pem`].map((file) => readFileSync(path(file), "utf8"));
    writeFileSync(path(`${name}.store.pem`), parts.join(""), { mode: 0o600 });
    return path(`${name}.store.pem`);
  };
  createAuthority("ca");
  createAuthority("other-ca");
  return {
    authority: path("ca.pem"),
    otherAuthority: path("other-ca.pem"),
    store: createStore("server", subjects),
    certificate: path("server.pem"),
    key: path("server.key"),
    otherHostStore: createStore("other-host", ["DNS:elsewhere.example"]),
    // It ends with the second in which it begins.
    expiredStore: createStore("expired", subjects, ["-days", "0"]),
    clientStore: createStore("client", ["DNS:client.example"]),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
