/** Addresses of tests as the clients take them. */
import { networkInterfaces } from "node:os";
import {
  type HostPort,
  type RedisAddress,
  requireKafkaAddresses,
  requireRedisAddress,
} from "../../simulator/common/foundation/address.ts";

export const kafkaAt = (...texts: readonly string[]): readonly HostPort[] =>
  requireKafkaAddresses(texts.join(","), "the test");

export const redisAt = (url: string): RedisAddress => requireRedisAddress(url, "the test");

/** Whether this machine has ::1. */
export const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === "::1"),
);
