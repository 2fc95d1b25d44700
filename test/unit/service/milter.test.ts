/** The milter: messages, sessions of many, commands out of order, bounds. */
import { describe, expect, test } from "vitest";
import type { Answer } from "../../../src/model/reply.ts";
import { milterBench, nobody, ownAddresses } from "../../support/fakes/milter-peer.ts";
import { endOfHeaders, header, macros, mail, offer, packet, postfixOffer } from "../../support/wire/milter-wire.ts";
import { bob, greeted, ownMessage, refusal } from "./support.ts";

describe("a message", () => {
  test.each([
    ["its own From", [header("From", `Bob <${bob}>`)], "a"],
    ["From in another case of letters", [header("fROM", "Bob <BOB@X.EXAMPLE>")], "a"],
    ["no From", [header("Subject", "boss@x.example")], "a"],
    ["a foreign From", [header("From", "Boss <boss@x.example>")], refusal("From", "boss@x.example")],
    [
      "a foreign Sender",
      [header("From", bob), header("Sender", "boss@x.example")],
      refusal("Sender", "boss@x.example"),
    ],
    [
      "an own Sender beside a foreign From",
      [header("From", "boss@x.example"), header("Sender", bob)],
      refusal("From", "boss@x.example"),
    ],
    ["a foreign Reply-To", [header("From", bob), header("Reply-To", "boss@x.example")], "a"],
    ["a foreign Resent-From", [header("From", bob), header("Resent-From", "c@x")], refusal("Resent-From", "c@x")],
    ["two From fields", [header("From", bob), header("From", bob)], "y 550 5.7.1 More than one From header"],
    ["two Sender fields", [header("Sender", bob), header("Sender", bob)], "y 550 5.7.1 More than one Sender header"],
    ["a From without an address", [header("From", "Boss")], "y 550 5.7.1 From header cannot be read"],
  ])("with %s is answered at the end of its header", (_, fields, verdict) => {
    expect(greeted().say(ownMessage(...fields))).toEqual(["c", verdict]);
  });

  test("of a client that is not logged in is accepted at MAIL, whatever it claims", () => {
    const bench = greeted(nobody);

    expect(bench.say(mail("boss@x.example"))).toEqual(["a"]);
    expect(bench.notes).toEqual([
      { verdict: { result: "accept", reason: "unauthenticated" }, message: { login: "", queueId: undefined } },
    ]);
  });

  test("with a foreign envelope sender is refused by that", () => {
    expect(greeted().say(mail("boss@x.example", bob) + header("From", bob) + endOfHeaders())).toEqual([
      "c",
      refusal("Envelope sender", "boss@x.example"),
    ]);
  });

  test("from <> is held to its From", () => {
    const bench = greeted();

    expect(bench.say(mail("", bob) + header("From", "boss@x.example") + endOfHeaders())).toEqual([
      "c",
      refusal("From", "boss@x.example"),
    ]);
    expect(bench.say(packet("A") + mail("", bob) + header("From", bob) + endOfHeaders())).toEqual(["c", "a"]);
  });

  test("from <> has no envelope sender to own, whatever {mail_addr} says", () => {
    const command =
      macros("M", { "{auth_authen}": bob, "{mail_addr}": "mailer-daemon@x.example" }) + packet("M", "<>\0");

    expect(greeted().say(command + header("From", bob) + endOfHeaders())).toEqual(["c", "a"]);
  });

  test("takes the sender as Postfix qualified it, and as it was written where there is no {mail_addr}", () => {
    const asked: string[] = [];
    const bench = greeted((address) => {
      asked.push(address);
      return ownAddresses(address);
    });
    const auth = { "{auth_authen}": bob };
    bench.say(macros("M", { ...auth, "{mail_addr}": bob }) + packet("M", "<bob>\0") + endOfHeaders() + packet("A"));
    bench.say(macros("M", auth) + packet("M", `<${bob}>\0SIZE=10\0`) + endOfHeaders());

    expect(asked).toEqual([bob, bob]);
  });

  test("with several claims asks for all of them at once, each address once", () => {
    const asked: string[] = [];
    const bench = greeted((address) => {
      asked.push(address);
      return ownAddresses(address);
    });
    bench.say(ownMessage(header("From", `${bob}, a@x`), header("Sender", "a@x")));

    expect(asked).toEqual([bob, "a@x"]);
  });

  test("that was resent may keep a foreign From where that is allowed", () => {
    const bench = greeted();
    const resent = ownMessage(header("Resent-From", bob), header("From", "boss@x.example"));
    expect(bench.say(resent)).toEqual(["c", refusal("From", "boss@x.example")]);

    bench.settings.resent = "allow";
    expect(bench.say(packet("A") + resent)).toEqual(["c", "a"]);
  });

  test("is let through by action: log, and noted as it would have been refused", () => {
    const bench = greeted();
    bench.settings.action = "log";

    expect(bench.say(ownMessage(header("From", "boss@x.example")))).toEqual(["c", "a"]);
    expect(bench.notes[0]?.verdict).toMatchObject({ result: "reject", reason: "not_owned" });
  });

  test("brings its queue id and login to the note", () => {
    const bench = greeted();
    bench.say(ownMessage(header("From", bob)));

    expect(bench.notes).toEqual([
      { verdict: { result: "accept", reason: "owned" }, message: { login: bob, queueId: "4XYZ" } },
    ]);
  });

  test("in the map that the configuration lost is deferred", () => {
    const bench = greeted();
    bench.settings.map = "gone";

    expect(bench.say(ownMessage())).toEqual(["c", "y 451 4.3.0 Temporary lookup failure"]);
  });
});

describe("a session", () => {
  test("has many messages, each by itself", () => {
    const bench = greeted();
    const own = ownMessage(header("From", bob));
    const foreign = ownMessage(header("From", "boss@x.example"));

    expect(bench.say(own)).toEqual(["c", "a"]);
    // After a verdict Postfix begins the next message with or without an abort.
    expect(bench.say(foreign)).toEqual(["c", refusal("From", "boss@x.example")]);
    expect(bench.say(packet("A") + own)).toEqual(["c", "a"]);
    expect(bench.say(packet("A") + mail("boss@x.example"))).toEqual(["a"]);
  });

  test("does not take the login of one message for the next", () => {
    const bench = greeted();
    bench.say(ownMessage(header("From", bob)));

    expect(bench.say(packet("A") + packet("M", "<boss@x.example>\0"))).toEqual(["a"]);
    expect(bench.notes.at(-1)?.verdict.reason).toBe("unauthenticated");
  });

  test("answers what an older mail server sends on top: each header, recipients, data, body, end of message", () => {
    const bench = milterBench(ownAddresses);
    expect(bench.say(offer(2, 0x1f, 0))).toEqual(["O"]);
    expect(bench.say(packet("C", "h\0U") + packet("H", "h\0"))).toEqual(["c", "c"]);
    expect(bench.say(mail(bob, bob) + packet("R", "<a@x>\0") + packet("T") + packet("U", "X\0"))).toEqual([..."cccc"]);
    expect(bench.say(header("From", "boss@x.example") + header("To", "a@x"))).toEqual(["c", "c"]);
    const refused = refusal("From", "boss@x.example");
    expect(bench.say(endOfHeaders() + packet("B", "body") + packet("E"))).toEqual([refused, refused, refused]);
    expect(bench.say(mail(bob, bob) + header("From", bob) + packet("E"))).toEqual(["c", "c", "a"]);
  });

  test("may begin a new connection on the old one, with or without agreeing again", () => {
    const bench = greeted();
    bench.say(ownMessage());

    expect(bench.say(packet("K") + ownMessage(header("From", bob)))).toEqual(["c", "a"]);
    expect(bench.say(packet("K") + postfixOffer + ownMessage(header("From", bob)))).toEqual(["O", "c", "a"]);
  });

  test("ends when the mail server says so, in the middle of a message too", () => {
    const bench = greeted();
    bench.say(mail(bob, bob) + packet("Q"));

    expect(bench.isFinished()).toBe(true);
  });

  test("is busy from MAIL to the verdict", () => {
    const bench = greeted();
    expect(bench.conversation.isBusy).toBe(false);
    bench.say(mail(bob, bob));
    expect(bench.conversation.isBusy).toBe(true);
    bench.say(endOfHeaders());
    expect(bench.conversation.isBusy).toBe(false);
  });
});

describe("commands out of order", () => {
  test.each([
    ["MAIL before an agreement", "", mail(bob, bob)],
    ["a header before MAIL", postfixOffer, header("From", bob)],
    ["the end of a header before MAIL", postfixOffer, endOfHeaders()],
    ["the end of a message before MAIL", postfixOffer, packet("E")],
    ["a recipient before MAIL", postfixOffer, packet("R", "<a@x>\0")],
    ["MAIL within a message", postfixOffer + mail(bob, bob), mail(bob, bob)],
    ["an agreement within a message", postfixOffer + mail(bob, bob), postfixOffer],
    ["a body before the end of the header", postfixOffer + mail(bob, bob), packet("B", "x")],
    ["an abort before an agreement", "", packet("A")],
  ])("%s ends the connection without a word", (_, before, wire) => {
    const bench = milterBench(ownAddresses);
    bench.say(before);

    expect(() => bench.say(wire)).toThrow(expect.objectContaining({ code: "ERR_MILTER_ORDER" }));
    expect(bench.conversation.refuse(new Error() as never)).toBe("");
  });

  test("so does anything but an abort while a verdict is owed", () => {
    const bench = greeted(() => new Promise<Answer>(() => {}));
    bench.say(ownMessage());

    expect(() => bench.say(packet("E"))).toThrow(expect.objectContaining({ code: "ERR_MILTER_ORDER" }));
  });
});

describe("bounds", () => {
  test("a message keeps a quarter of a megabyte of its claiming fields and no more, and is refused", () => {
    const bench = greeted();
    const field = header("Resent-From", `${" ".repeat(90_000)}${bob}`);

    expect(bench.say(mail(bob, bob) + field.repeat(20) + endOfHeaders())).toEqual([
      "c",
      "y 550 5.7.1 Resent-From header cannot be read",
    ]);
  });

  test("10,000 addresses are refused", () => {
    expect(greeted().say(ownMessage(header("From", `${bob},`.repeat(10_000))))).toEqual([
      "c",
      "y 550 5.7.1 From header cannot be read",
    ]);
  });

  test("100,000 fields are refused", () => {
    const fields = packet("L", "Resent-From\0a@x\0").repeat(100_000);

    expect(greeted().say(mail(bob, bob) + fields + endOfHeaders())).toEqual([
      "c",
      "y 550 5.7.1 Resent-From header cannot be read",
    ]);
  });
});
