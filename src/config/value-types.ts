/**
 * The kinds of values that keys take: how each is written, read and named in a message.
 *
 * A value is read from its text as it was written, whatever YAML would make of it: `0660`, `"0660"` and an environment
 * variable with 0660 are the same mode, and a password of digits keeps its leading zero.
 */
import { foldDomain } from "../model/address.ts";
import { parseLdapUri } from "../model/ldap-uri.ts";
import { didYouMean } from "../model/nearest.ts";
import type { Endpoint, LdapServer } from "../model/settings.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { parseEndpoint } from "./endpoint.ts";
import { Mismatch, quote } from "./mismatch.ts";

/** A kind of scalar value. */
export interface ValueType<T> {
  /** In the documentation: `duration`, `integer`, `socketmap | tcp_table`. */
  readonly name: string;
  /** What a message says was expected: `a duration such as 60s`. */
  readonly expected: string;
  /** Bounds, in the words of the documentation. */
  readonly bounds?: string;
  /** The only values it takes, for completion and documentation. */
  readonly choices?: readonly string[];
  /** Whether the value must never be shown. */
  readonly isSecret?: true;
  /** Whether the value is a time, in milliseconds. */
  readonly isDuration?: true;
  read(text: string): T | Mismatch;
}

function unexpected(type: { readonly expected: string }, text: string, hint = ""): Mismatch {
  return new Mismatch(`expected ${type.expected}, got ${quote(text)}${hint}`);
}

/** Bounds of a duration, as the configuration writes durations. */
export interface DurationLimits {
  readonly min: string;
  readonly max: string;
  /** Why it cannot be longer, when that is not plain. */
  readonly maxReason?: string;
}

declare const unit: unique symbol;

/** A number that the compiler knows as a time, so that the name of its setting ends in `Ms`. */
export type Milliseconds = number & { readonly [unit]: "ms" };

/** A duration with a unit, in milliseconds. */
export function duration(limits: DurationLimits): ValueType<Milliseconds> {
  const minMs = parseDuration(limits.min) as number;
  const maxMs = parseDuration(limits.max) as number;
  const maxReason = limits.maxReason === undefined ? "" : `: ${limits.maxReason}`;
  const type: ValueType<Milliseconds> = {
    name: "duration",
    expected: "a duration such as 60s",
    isDuration: true,
    bounds: `${limits.min} to ${limits.max}`,
    read(text) {
      const ms = parseDuration(text);
      if (ms === undefined)
        return unexpected(type, text, /^\d+$/.test(text) ? "; a unit is missing: ms, s, m, h or d" : "");
      if (ms < minMs) return new Mismatch(`must be at least ${formatDuration(minMs)}, got ${text}`);
      if (ms > maxMs) return new Mismatch(`must be at most ${formatDuration(maxMs)}, got ${text}${maxReason}`);
      return ms as Milliseconds;
    },
  };
  return type;
}

/** How often a source is listed: `auto`, `off`, or a duration in milliseconds. */
export function listingInterval(limits: DurationLimits): ValueType<Milliseconds | "auto" | "off"> {
  const fixed = duration(limits);
  return {
    name: "auto | off | duration",
    expected: "auto, off or a duration such as 60s",
    bounds: `${limits.min} to ${limits.max}`,
    read(text) {
      if (text === "auto" || text === "off") return text;
      return /\d/.test(text) ? fixed.read(text) : unexpected(this, text);
    },
  };
}

/** A whole number. */
export function integer(limits: { readonly min: number; readonly max: number }): ValueType<number> {
  const type: ValueType<number> = {
    name: "integer",
    expected: "a whole number",
    bounds: `${limits.min} to ${limits.max}`,
    read(text) {
      if (!/^-?\d+$/.test(text)) return unexpected(type, text);
      const value = Number(text);
      if (value < limits.min) return new Mismatch(`must be at least ${limits.min}, got ${text}`);
      if (value > limits.max) return new Mismatch(`must be at most ${limits.max}, got ${text}`);
      return value;
    },
  };
  return type;
}

/** `true` or `false`. */
export const truth: ValueType<boolean> = {
  name: "true | false",
  expected: "true or false",
  choices: ["true", "false"],
  read(text) {
    if (text === "true") return true;
    if (text === "false") return false;
    return unexpected(truth, text);
  },
};

/** One of a few words. */
export function choice<const W extends string>(...words: readonly [W, W, ...W[]]): ValueType<W> {
  const type: ValueType<W> = {
    name: words.join(" | "),
    expected: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    choices: words,
    read(text) {
      return words.find((word) => word === text) ?? unexpected(type, text, didYouMean(text, words));
    },
  };
  return type;
}

/** Any text of one line or more. */
export const text: ValueType<string> = {
  name: "text",
  expected: "text",
  read(value) {
    return value === "" ? new Mismatch("expected text, got nothing") : value;
  },
};

/** Text that is never shown. */
export const secret: ValueType<string> = {
  name: "text",
  expected: "text",
  isSecret: true,
  read(value) {
    return value === "" ? new Mismatch("expected a secret, got nothing") : value;
  },
};

/** A path; the reader of the configuration makes a relative one relative to the configuration file. */
export const path: ValueType<string> = {
  name: "path",
  expected: "a path",
  read(value) {
    if (value === "") return new Mismatch("expected a path, got nothing");
    if (value.includes("\0")) return new Mismatch("a path cannot hold a NUL");
    return value;
  },
};

/** Where the daemon listens. */
export const endpoint: ValueType<Endpoint> = {
  name: "endpoint",
  expected: "an endpoint",
  read: (value) => parseEndpoint(value, { port: 9000, path: "/path" }),
};

/** Where a database listens. */
export const databaseHost: ValueType<Endpoint> = {
  name: "endpoint",
  expected: "an endpoint",
  read(value) {
    const host = parseEndpoint(value, { port: 3306, path: "/run/mysqld/mysqld.sock" });
    if (host instanceof Mismatch || host.kind === "unix" || host.port !== 0) return host;
    return new Mismatch(`port 0 cannot be connected to, got ${quote(value)}`);
  },
};

/** Where a directory listens. */
export const ldapUri: ValueType<LdapServer> = {
  name: "LDAP URI",
  expected: "an LDAP URI such as ldaps://ldap.example.com",
  read(value) {
    const server = parseLdapUri(value);
    return "problem" in server ? unexpected(ldapUri, value, `; ${server.problem}`) : server;
  },
};

/** The permissions of a file, octal. */
export const mode: ValueType<number> = {
  name: "octal mode",
  expected: 'an octal file mode such as "0660"',
  read(value) {
    const digits = /^(?:0o)?0?([0-7]{3})$/.exec(value)?.[1];
    return digits === undefined ? unexpected(mode, value) : Number.parseInt(digits, 8);
  },
};

/** A mail domain, folded as keys are. */
export const domain: ValueType<string> = {
  name: "domain",
  expected: "a domain such as example.com",
  read(value) {
    if (value.startsWith("$")) {
      return new Mismatch(`the variables of Postfix are not known here: write the domains out, got ${quote(value)}`);
    }
    const folded = foldDomain(value);
    if (folded === undefined || !/^(\[[^\]\s@]+\]|[^\s@,:;/[\]]+)$/.test(folded)) return unexpected(domain, value);
    return folded;
  },
};

/** A set of characters that may separate the extension of an address. */
export const delimiters: ValueType<string> = {
  name: "characters",
  expected: 'delimiter characters such as "+" or "+-"',
  read(value) {
    return /[@\s]/.test(value) ? unexpected(delimiters, value) : value;
  },
};
