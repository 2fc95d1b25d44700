/** A mail server whose client is logged in as bob, before our milter. */
import { milterBench, ownAddresses } from "../../support/fakes/milter-peer.ts";
import { endOfHeaders, mail, postfixOffer } from "../../support/wire/milter-wire.ts";

/** The login that sends. */
export const bob = "bob@x.example";
/** A message of his up to the end of its header, with these fields. */
export const ownMessage = (...fields: string[]) => mail(bob, bob) + fields.join("") + endOfHeaders();
/** What he is told of an address that is not his. */
export const refusal = (place: string, address: string) =>
  `y 550 5.7.1 <${address}>: ${place} address rejected: not owned by user ${bob}`;

/** A conversation past the agreement. */
export function greeted(lookup = ownAddresses) {
  const bench = milterBench(lookup);
  bench.say(postfixOffer);
  return bench;
}
