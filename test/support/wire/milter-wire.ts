/** The milter protocol from the mail server's side: packets to send, replies to read. All as byte strings. */

/** Puts a packet together. */
export function packet(command: string, data = ""): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(1 + data.length);
  return `${length.toString("latin1")}${command}${data}`;
}

/** Takes packets apart; a rest that is no whole packet is thrown. */
export function packetsIn(stream: string): { readonly command: string; readonly data: string }[] {
  const packets: { command: string; data: string }[] = [];
  let rest = stream;
  while (rest !== "") {
    const length = Buffer.from(rest.slice(0, 4), "latin1").readUInt32BE(0);
    if (rest.length < 4 + length) throw new Error(`not a whole packet: ${JSON.stringify(rest)}`);
    packets.push({ command: rest.charAt(4), data: rest.slice(5, 4 + length) });
    rest = rest.slice(4 + length);
  }
  return packets;
}

/** The offer of Postfix 3.7: version 6, every action, every step. */
export const postfixOffer = offer(6, 0x1ff, 0x1fffff);

/** An offer to negotiate. */
export function offer(version: number, actions: number, steps: number): string {
  const data = Buffer.alloc(12);
  data.writeUInt32BE(version, 0);
  data.writeUInt32BE(actions, 4);
  data.writeUInt32BE(steps, 8);
  return packet("O", data.toString("latin1"));
}

/** Macros for a command. */
export function macros(command: string, values: Readonly<Record<string, string>>): string {
  const fields = Object.entries(values).map(([name, value]) => `${name}\0${toBytes(value)}\0`);
  return packet("D", `${command}${fields.join("")}`);
}

/** A sender with the macros that Postfix sends at MAIL; `login` is absent for a client that is not logged in. */
export function mail(sender: string, login?: string): string {
  const auth = login === undefined ? {} : { "{auth_type}": "PLAIN", "{auth_authen}": login };
  return (
    macros("M", { ...auth, "{mail_addr}": sender, "{mail_host}": "", "{mail_mailer}": "discard" }) +
    packet("M", `<${toBytes(sender)}>\0`)
  );
}

/** A header field with the macro packet that Postfix sends in front of each. */
export function header(name: string, value: string, queueId = "4XYZ"): string {
  return macros("L", { i: queueId }) + packet("L", `${name}\0${toBytes(value)}\0`);
}

/** The end of the header. */
export function endOfHeaders(queueId = "4XYZ"): string {
  return macros("N", { i: queueId }) + packet("N");
}

function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
