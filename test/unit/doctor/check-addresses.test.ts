/** Delimiter and local domains: those of Postfix and those of the map. */
import { describe, expect, test } from "vitest";
import { diagnose, inet, mapWith, type Spoiled } from "./support.ts";

describe("addresses", () => {
  const maps = (recipientDelimiter: string, localDomains: string[]): NonNullable<Spoiled["maps"]> => ({
    senders: mapWith(recipientDelimiter, localDomains),
  });

  test.each<[string, Spoiled, string]>([
    [
      "a delimiter that only Postfix has",
      { main: { recipient_delimiter: "+-" } },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: "+-"',
    ],
    [
      "a delimiter that only we have",
      { main: { recipient_delimiter: "" } },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: ""',
    ],
    [
      "a domain that only we have",
      { maps: maps("+", ["mx.example.com", "example.com"]) },
      "warning local-domains [] loginmapd.yaml: maps.senders.local_domains: [mx.example.com]",
    ],
    [
      "a domain that only Postfix has",
      { main: { mydestination: "a.example, b.example" }, maps: maps("+", ["a.example"]) },
      "warning local-domains [] loginmapd.yaml: maps.senders.local_domains: [a.example, b.example]",
    ],
    [
      "the map of a tcp_table listener",
      {
        main: { smtpd_sender_login_maps: "tcp:127.0.0.1:9001" },
        listeners: [{ ...inet("127.0.0.1", 9001), protocol: "tcp_table", map: "senders" }],
        maps: maps("-", []),
      },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: "+"',
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});
