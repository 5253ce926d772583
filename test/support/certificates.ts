/**
 * Certificates for tests of TLS, made with the openssl program (Node can make keys, and no certificates): an authority of
 * its own, and a server's certificate signed by it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificates {
  /** What a client must trust. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
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
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=test authority",
  );
  openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=test server");
  writeFileSync(path("extensions"), `subjectAltName=${subjects.join(",")}\n`);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
  openssl("x509", "-req", "-in", "server.csr", ...signing, "-out", "server.pem", "-days", "2");
  return {
    authority: path("ca.pem"),
    certificate: path("server.pem"),
    key: path("server.key"),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
