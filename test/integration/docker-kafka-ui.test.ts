/**
 * The web page over Kafka. Its real image is too large to ask for here: a stand-in takes its place, made of the Redis
 * image and a few lines of Perl, which answers HTTP with what it was told of Kafka. So this proves that the page is
 * started, addressed and removed, and that Kafka can be reached from it; not that the real page works.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { present } from "../../simulator/common/foundation/assert.ts";
import { untilPhase, withRun } from "../support/faults.ts";
import { containerOf, listOfRun, realEngine } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { expectPassed } from "../support/system.ts";

const IMAGE = "flink-apphost-test/page:1";
const PAGE = `
use IO::Socket::INET;
my ($host, $port) = split /:/, $ENV{KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS};
my $server = IO::Socket::INET->new(Listen => 5, ReuseAddr => 1, LocalPort => $ENV{SERVER_PORT},
  LocalAddr => $ENV{SERVER_ADDRESS} || "0.0.0.0") or die "cannot listen: $!";
while (my $client = $server->accept) {
  my $kafka = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 5) ? "reached" : "not reached: $@";
  my $text = "$host:$port $kafka";
  print $client "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($text) . "\\r\\nConnection: close\\r\\n\\r\\n$text";
  close $client;
}`;
const SMALL = ["--infra", "docker", "--task-managers", "2", "--partitions", "2", "--ui", "json"];

describeReal(["docker"], "the web page over Kafka", () => {
  beforeAll(async () => {
    const { docker } = realEngine();
    const base = await docker.createContainer({ Image: "redis:8.6", Cmd: ["true"] });
    const [repo, tag] = IMAGE.split(":");
    await base.commit({ repo, tag, Entrypoint: ["perl", "-e", PAGE], Cmd: [] });
    await base.remove({ v: true });
  });
  afterAll(() => realEngine().docker.getImage(IMAGE).remove({ force: true }));

  it.each(["host", "published"])(
    "has an address, reaches Kafka over a %s network, and goes with the run",
    async (network) => {
      const args = ["up", "--messages", "0", "--with-kafka-ui", "--kafka-ui-image", IMAGE, "--docker-network", network];
      await withRun([...args, ...SMALL], async (cli) => {
        await untilPhase(cli, "idle");
        const { endpoint } = await cli.waitForEvent(
          "resource",
          ({ name, state }) => name === "kafka-ui" && state === "running",
        );
        expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
        const text = await (await fetch(present(endpoint, "the address"))).text();
        expect(text).toMatch(network === "host" ? /^127\.0\.0\.1:\d+ reached$/ : /^kafka:9093 reached$/);
        const runId = await cli.runId();
        expect((await listOfRun(runId)).includes(`network flink-apphost-${runId}`)).toBe(network === "published");
        await (await containerOf(runId, "kafka")).inspect();
        cli.process.kill("SIGTERM");
        expect((await cli.end()).exitCode).toBe(0);
        expect(await listOfRun(runId)).toEqual([]);
      });
    },
  );

  it("that cannot be had is a notice, and no failure", async () => {
    const page = ["--with-kafka-ui", "--kafka-ui-image", "127.0.0.1:1/flink-apphost/none:1"];
    await runCli(
      ["up", "--once", "--messages", "10", ...page, ...SMALL],
      { deadlineMs: 110_000 },
      async (cli, result) => {
        await expectPassed(cli, result, 10);
        expect(result.stdout).toMatch(/"resource":"kafka-ui","text":"is not there: image 127\.0\.0\.1:1/);
      },
    );
  });
});
