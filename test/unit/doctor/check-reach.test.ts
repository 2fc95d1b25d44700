/** The way from Postfix to the daemon: chroots, sockets, rights, listeners, and what answers there. */
import { describe, expect, test } from "vitest";
import {
  answer,
  diagnose,
  file,
  inet,
  ourTable,
  queue,
  refused,
  type Spoiled,
  socket,
  withSubmission,
} from "./support.ts";

describe("the way to the daemon", () => {
  const elsewhere = "/run/loginmapd/socketmap";
  const outside = { endpoint: { kind: "unix", path: elsewhere } } as const;

  test.each<[string, Spoiled, string]>([
    [
      "a socket outside of the chroot has to move",
      { main: { smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` }, listeners: [outside] },
      `error chroot-path [submission] main.cf: smtpd_sender_login_maps = ${ourTable} | loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${socket}", mode: "0660", group: postfix }`,
    ],
    [
      "a socket outside of the chroot, when there is another listener",
      {
        main: { smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` },
        listeners: [outside, inet("127.0.0.1")],
      },
      "error chroot-path [submission] main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
    ],
    [
      "an absolute path below the queue directory, in a chroot",
      { main: { smtpd_sender_login_maps: `socketmap:unix:${socket}:senders` } },
      `error chroot-path [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
    ],
    [
      "localhost in a chroot",
      { main: { smtpd_sender_login_maps: "socketmap:inet:localhost:9000:senders" }, listeners: [inet("127.0.0.1")] },
      "error chroot-name [submission] main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
    ],
    [
      "a host name in a chroot",
      { main: { smtpd_sender_login_maps: "tcp:maps.example:9001" }, listeners: [inet("127.0.0.1")] },
      `error chroot-name [submission] shell: mkdir -p ${queue}/etc && cp /etc/hosts /etc/resolv.conf ${queue}/etc/`,
    ],
    [
      "a socket that only its group may use",
      { files: { [socket]: file("socket", 0o660) } },
      `error socket-permission [submission] loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${socket}", mode: "0660", group: postfix }`,
    ],
    [
      "a closed directory outside of a chroot",
      {
        ...withSubmission({ smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` }, "n"),
        listeners: [outside],
        files: { "/run/loginmapd": file("other", 0o700), [elsewhere]: file("socket", 0o666) },
      },
      "error socket-permission [submission] shell: chgrp postfix /run/loginmapd && chmod g+x /run/loginmapd",
    ],
    [
      "a daemon that does not run",
      { observations: answer(`socketmap unix:${socket} senders`, refused) },
      "error daemon-silent [submission] shell: systemctl start loginmapd.socket loginmapd",
    ],
    [
      "a daemon whose source is down",
      { observations: answer(`socketmap unix:${socket} senders`, { kind: "failing", reason: "source down" }) },
      "error daemon-failing [submission] shell: loginmapd check --connect",
    ],
    [
      "a daemon that refuses the map, though the configuration has it",
      { observations: answer(`socketmap unix:${socket} senders`, { kind: "refused", reason: "unknown map" }) },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
    ],
    [
      "a daemon elsewhere that refuses the map",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:192.0.2.1:9000:typo" },
        observations: answer("socketmap inet:192.0.2.1:9000 typo", { kind: "refused", reason: "unknown map" }),
      },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
    ],
    [
      "no listener",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:9009:senders" },
        observations: answer("socketmap inet:127.0.0.1:9009 senders", refused),
      },
      `error listener-missing [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
    ],
    [
      "another protocol",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:9001:senders" },
        listeners: [{ ...inet("127.0.0.1", 9001), protocol: "tcp_table", map: "senders" }],
      },
      "error protocol [submission] main.cf: smtpd_sender_login_maps = tcp:127.0.0.1:9001",
    ],
    [
      "an unknown map, while the daemon does not run",
      {
        main: { smtpd_sender_login_maps: "socketmap:unix:loginmapd/socketmap:typo" },
        observations: answer(`socketmap unix:${socket} typo`, refused),
      },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});
