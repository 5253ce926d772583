/**
 * The one grammar of addresses. A text is read here once, and what is made of it has all its parts. Pure.
 *
 *   address    HOST:PORT            HOST a name, an IPv4 address, or [an IPv6 address]; PORT 1 to 65535
 *   Kafka      [PLAINTEXT://]ADDRESS[,…]                     as bootstrap.servers; blanks around a comma do no harm
 *   HTTP       http://ADDRESS[/]
 *   Redis      redis[s]://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]   as ioredis reads it; redis-cli takes USER@ for a password
 *
 * A1 A host is kept without brackets, as sockets take it; a text has them where its host has a colon.
 * A2 Every reader returns undefined for a text of another form, and never a part of it. The caller names the text, masked.
 * A3 What was read is written again in one form, in which every client reads the same: the signs of a user or a password
 *    that mean something in a URL are encoded, and a user without a password has its colon.
 */
import { createError } from "./errors.ts";
import { maskAddress } from "./mask.ts";

export interface HostPort {
  /** A1. */
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress extends HostPort {
  readonly tls: boolean;
  /** Empty: the default user. */
  readonly username: string;
  /** Empty: none. With a user it is that of one without a password (`nopass`). */
  readonly password: string;
  readonly database: number;
}

/** Completes "expected …". */
export const KAFKA_ADDRESSES_FORM = "HOST:PORT[,HOST:PORT…]; SASL and TLS are said by --kafka-config";
export const REDIS_ADDRESS_FORM =
  "redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS, with / ? # @ % of a password written as %2F %3F %23 %40 %25";

const REDIS_PORT = 6379;
const PORT_MAX = 65_535;

export function parseHostPort(text: string): HostPort | undefined {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return undefined;
  const host = parseHost(text.slice(0, colon));
  const port = parsePort(text.slice(colon + 1));
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** With a zone (`fe80::1%eth0`) where it has one. */
const IPV6 = /^\[([0-9a-f:]*:[0-9a-f:.]*(?:%[\w.-]+)?)\]$/i;
const NAME = /^[A-Za-z0-9._-]+$/;

function parseHost(text: string): string | undefined {
  if (NAME.test(text)) return text;
  const inner = IPV6.exec(text)?.[1];
  // The URL class knows what a well-formed IPv6 address is; it knows no zones.
  return inner !== undefined && URL.canParse(`http://[${inner.replace(/%.*$/, "")}]/`) ? inner : undefined;
}

function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** A1. */
export const formatHostPort = ({ host, port }: HostPort): string => `${formatHost(host)}:${port}`;

/** Of a server without TLS, and without a path. */
export const parseHttpAddress = (text: string): HostPort | undefined => {
  const [, address] = /^http:\/\/([^/]+)\/?$/i.exec(text) ?? [];
  return address === undefined ? undefined : parseHostPort(address);
};

export const formatHttpAddress = (address: HostPort): string => `http://${formatHostPort(address)}`;

const formatHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

export function parseKafkaAddresses(text: string): readonly HostPort[] | undefined {
  const addresses = text.split(",").map((part) => parseHostPort(part.trim().replace(/^plaintext:\/\//i, "")));
  return addresses.some((address) => address === undefined) ? undefined : (addresses as HostPort[]);
}

export const formatKafkaAddresses = (addresses: readonly HostPort[]): string => addresses.map(formatHostPort).join(",");

/** Up to the last @ stand user and password: a host has none, and a password may. */
const REDIS_URL = /^(redis|rediss):\/\/(?:([^/?#\s]*)@)?(\[[^\]@]*\]|[^/?#@:\s[\]]+)(?::(\d+))?(?:\/(\d{0,4}))?$/i;

export function parseRedisAddress(text: string): RedisAddress | undefined {
  const [, scheme = "", credentials = "", place = "", portText, database = ""] = REDIS_URL.exec(text) ?? [];
  const host = parseHost(place);
  const port = portText === undefined ? REDIS_PORT : parsePort(portText);
  const colon = credentials.indexOf(":");
  const username = decode(colon < 0 ? credentials : credentials.slice(0, colon));
  const password = decode(colon < 0 ? "" : credentials.slice(colon + 1));
  if (host === undefined || port === undefined || username === undefined || password === undefined) return undefined;
  return { host, port, tls: scheme.toLowerCase() === "rediss", username, password, database: Number(database) };
}

/** undefined: a lone %, or bytes that are no text. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A3. It holds the password. */
export function formatRedisAddress(address: RedisAddress): string {
  const { tls, username, password, database } = address;
  // A3: redis-cli takes a name without a colon for a password.
  const credentials =
    username === "" && password === "" ? "" : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  const databasePart = database === 0 ? "" : `/${database}`;
  return `${tls ? "rediss" : "redis"}://${credentials}${formatHostPort(address)}${databasePart}`;
}

/** Where its data is, without secrets: for messages, events and reports. */
export const redisPlace = (address: RedisAddress): string =>
  `${formatHostPort(address)}${address.database === 0 ? "" : `/${address.database}`}`;

/** Both throw USAGE_OPTION_INVALID, which names the source and masks the text. */
export const requireKafkaAddresses = (text: string, source: string): readonly HostPort[] =>
  parseKafkaAddresses(text) ?? refuse(text, source, KAFKA_ADDRESSES_FORM);

export const requireRedisAddress = (text: string, source: string): RedisAddress =>
  parseRedisAddress(text) ?? refuse(text, source, REDIS_ADDRESS_FORM);

function refuse(text: string, option: string, expected: string): never {
  throw createError("USAGE_OPTION_INVALID", { option, value: maskAddress(text), expected });
}

/** Whether an address can only mean this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}
