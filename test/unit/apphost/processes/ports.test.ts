/** --fixed-ports: a port of somebody else is an error that names it, not a wait until it is free. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { expectFreePort } from "../../../../apphost/processes/ports.ts";

it("refuses a port that is taken, by number, use and option, and accepts it once it is free", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const refusal = await expectFreePort(port, "Kafka").catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "PORT_TAKEN", category: "infrastructure" });
  expect(String(refusal)).toMatch(new RegExp(`port ${port}.*--fixed-ports.*Kafka`));
  other.close();
  await once(other, "close");
  await expectFreePort(port, "Kafka");
});
