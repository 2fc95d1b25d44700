/** A milter service on a map of a few owners, and the mail server that talks to it, without a socket. */
import { rememberingReader } from "../../../src/lookup/field-reader.ts";
import { LookupMap, MapRegistry } from "../../../src/lookup/map-registry.ts";
import type { MessageVerdict, MilterAction, ResentRule } from "../../../src/model/message.ts";
import { OwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, absent, Found } from "../../../src/model/reply.ts";
import type { Conversation, Debt, Peer } from "../../../src/model/service.ts";
import { MilterService } from "../../../src/service/milter.ts";
import type { MessageSender } from "../../../src/service/milter-log.ts";
import { packetsIn } from "../wire/milter-wire.ts";
import { fakeClock, fakeLog } from "./fakes.ts";

/** What a lookup of an address gives: owners, a failure, or a promise of either. */
export type Lookup = (address: string) => Answer | Promise<Answer>;

/** Every address is owned by the login of the same name; `boss@…` by the boss alone. */
export const ownAddresses: Lookup = (address) => new Found(new OwnerList([address]), false);

/** Nobody owns anything. */
export const nobody: Lookup = () => absent;

/** What the test sees. */
export interface MilterBench {
  /** Sends bytes to the service. @returns the packets that it answered with so far, `y` with its text */
  say(...wire: string[]): string[];
  /** Packets that came since the last call: verdicts that were owed. */
  heard(): string[];
  readonly notes: { readonly verdict: MessageVerdict; readonly message: MessageSender }[];
  readonly conversation: Conversation;
  readonly isFinished: () => boolean;
  /** Deadlines that are open, and what lets the last one pass. */
  readonly debts: { readonly deadlineMs: number; readonly expire: () => void }[];
  readonly log: ReturnType<typeof fakeLog>;
  readonly settings: { map: string | undefined; action: MilterAction; resent: ResentRule };
}

/** Opens a conversation. */
export function milterBench(lookup: Lookup): MilterBench {
  let unheard: string[] = [];
  let isFinished = false;
  const debts: MilterBench["debts"] = [];
  const queue: { text: string | undefined }[] = [];
  const flush = (): void => {
    while (queue[0]?.text !== undefined) {
      const { text } = queue.shift() as { text: string };
      unheard.push(
        ...packetsIn(text).map(({ command, data }) => command + (command === "y" ? ` ${data.slice(0, -1)}` : "")),
      );
    }
  };
  const peer: Peer = {
    id: "c1",
    isReading: true,
    reply(text) {
      queue.push({ text });
      flush();
      return true;
    },
    owe(deadlineMs, expire) {
      const entry: { text: string | undefined } = { text: undefined };
      queue.push(entry);
      debts.push({ deadlineMs, expire });
      const debt: Debt = {
        get isOpen() {
          return entry.text === undefined;
        },
        settle(text) {
          entry.text ??= text;
          flush();
        },
      };
      return debt;
    },
    finish() {
      isFinished = true;
    },
  };
  const notes: MilterBench["notes"] = [];
  const log = fakeLog();
  const settings: MilterBench["settings"] = { map: "senders", action: "reject", resent: "refuse" };
  const service = new MilterService({
    maps: new MapRegistry([new LookupMap("senders", { ownersOf: lookup })]),
    settings: () => settings,
    limits: () => ({ lookupTimeoutMs: 5000 }),
    clock: fakeClock(),
    log,
    readField: rememberingReader(),
    note: (verdict, message) => notes.push({ verdict, message }),
  });
  const conversation = service.open(peer);
  const heard = (): string[] => {
    const now = unheard;
    unheard = [];
    return now;
  };
  return {
    say(...wire) {
      const bytes = Buffer.from(wire.join(""), "latin1");
      conversation.push(bytes, bytes.length);
      return heard();
    },
    heard,
    notes,
    conversation,
    isFinished: () => isFinished,
    debts,
    log,
    settings,
  };
}
