/** What other programs that hold From: to the login let pass, by their source: it is refused here. */
import { expect, test } from "vitest";
import { OwnerList } from "../../../src/model/owner-list.ts";
import { absent, Found } from "../../../src/model/reply.ts";
import { milterBench } from "../../support/fakes/milter-peer.ts";
import { endOfHeaders, header, mail, packet, postfixOffer } from "../../support/wire/milter-wire.ts";

const bob = "bob@x.example";
const refusal = (place: string, address: string) =>
  `y 550 5.7.1 <${address}>: ${place} address rejected: not owned by user ${bob}`;

interface Hole {
  readonly program: string;
  readonly hole: string;
  readonly sender?: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly says: string;
}

const holes: readonly Hole[] = [
  {
    program: "milterfrom",
    hole: "takes the angle address of a comment for the author",
    fields: [["From", `boss@x.example (<${bob}>)`]],
    says: refusal("From", "boss@x.example"),
  },
  {
    program: "milterfrom",
    hole: "reads the last angle address only",
    fields: [["From", `Boss <boss@x.example>, <${bob}>`]],
    says: refusal("From", "boss@x.example"),
  },
  {
    program: "milterfrom",
    hole: "accepts whatever has the null sender",
    sender: "",
    fields: [["From", "boss@x.example"]],
    says: refusal("From", "boss@x.example"),
  },
  {
    program: "maddy",
    hole: "reads the first From field only",
    fields: [
      ["From", bob],
      ["From", "boss@x.example"],
    ],
    says: "y 550 5.7.1 More than one From header",
  },
  {
    program: "maddy",
    hole: "lets an owned Sender free any From",
    fields: [
      ["Sender", bob],
      ["From", "boss@x.example"],
    ],
    says: refusal("From", "boss@x.example"),
  },
  {
    program: "vrfydmn",
    hole: "finds the own domain within a longer one",
    fields: [["From", "bob@x.example.evil.test"]],
    says: refusal("From", "bob@x.example.evil.test"),
  },
  {
    program: "vrfydmn",
    hole: "and at the end of a longer one",
    fields: [["From", "bob@notx.example"]],
    says: refusal("From", "bob@notx.example"),
  },
  {
    program: "vrfydmn",
    hole: "lets Sender stand in for From",
    fields: [
      ["From", "boss@y.example"],
      ["Sender", bob],
    ],
    says: refusal("From", "boss@y.example"),
  },
];

test.each(holes)("$program $hole: refused", ({ sender = bob, fields, says }) => {
  const bench = milterBench((address) =>
    address.toLowerCase() === bob ? new Found(new OwnerList([bob]), false) : absent,
  );
  const lines = fields.map(([name, value]) => header(name, value)).join("");
  expect(bench.say(postfixOffer + mail(sender, bob) + lines + endOfHeaders())).toEqual(["O", "c", says]);
  // The same session still takes what is bob's own.
  expect(bench.say(packet("A") + mail(bob, bob) + header("From", `Bob <${bob}>`) + endOfHeaders())).toEqual(["c", "a"]);
});
