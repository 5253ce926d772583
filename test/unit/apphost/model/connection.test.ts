import { expect, it } from "vitest";
import { kafkaVariables, redisVariables } from "../../../../apphost/model/connection.ts";
import { kafkaAt, redisAt } from "../../../support/addresses.ts";

it("Redis: user, database, TLS and an IPv6 host are in each form", () => {
  expect(redisVariables(redisAt("rediss://al%2Cice:p%40ss%3D@[::1]:7000/3"))).toMatchObject({
    REDIS_USERNAME: "al,ice",
  });
  expect(redisVariables(redisAt("rediss://alice:p%40ss%3D@[::1]:7000/3"))).toEqual({
    ConnectionStrings__redis: "[::1]:7000,user=alice,password=p@ss=,defaultDatabase=3,ssl=True",
    DOTNET_REDIS_URL: "[::1]:7000,user=alice,password=p@ss=,defaultDatabase=3,ssl=True",
    REDIS_HOST: "::1",
    REDIS_PORT: "7000",
    REDIS_USERNAME: "alice",
    REDIS_PASSWORD: "p@ss=",
    REDIS_DATABASE: "3",
    REDIS_URI: "rediss://alice:p%40ss%3D@[::1]:7000/3",
    REDIS_URL: "rediss://alice:p%40ss%3D@[::1]:7000/3",
  });
});

it("Redis: a password with a comma is in no connection string, which would end there", () => {
  const variables = redisVariables(redisAt("redis://:a,ssl=True@h:1"));
  expect(variables).toMatchObject({ REDIS_PASSWORD: "a,ssl=True", REDIS_URI: "redis://:a%2Cssl%3DTrue@h:1" });
  expect(Object.keys(variables).filter((name) => /ConnectionString|DOTNET/.test(name))).toEqual([]);
});

it("Kafka: host and port are those of the first broker, the host without brackets", () => {
  expect(kafkaVariables(kafkaAt("[::1]:9092", "h:2"))).toEqual({
    ConnectionStrings__kafka: "[::1]:9092,h:2",
    KAFKA_HOST: "::1",
    KAFKA_PORT: "9092",
    KAFKA_BOOTSTRAP_SERVERS: "[::1]:9092,h:2",
    DOTNET_KAFKA_BOOTSTRAP_SERVERS: "[::1]:9092,h:2",
  });
});
