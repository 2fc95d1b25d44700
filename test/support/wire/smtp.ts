/** A small SMTP client that keeps every reply in its parts, and that can say what no mail program would. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { within } from "../wait.ts";

/** The answer to one command. */
export interface SmtpReply {
  readonly code: number;
  /** Enhanced status code (RFC 3463) of the last line; empty when there is none. */
  readonly enhanced: string;
  /** The last line without code and enhanced code. */
  readonly text: string;
  /** All lines, without their codes. */
  readonly lines: readonly string[];
}

/** A SASL login of a test. */
export interface Credentials {
  readonly login: string;
  readonly password: string;
  readonly mechanism?: "PLAIN" | "LOGIN";
}

/** Who sends what to whom; `login` left out = not logged in. */
export interface Attempt {
  readonly from: string | Uint8Array;
  readonly to?: string;
  readonly login?: Credentials;
  readonly smtputf8?: boolean;
}

/** A sender as the client writes it. */
export interface Envelope {
  readonly from: string;
  readonly smtputf8: boolean;
}

// Far fewer bytes than a socket's buffer holds, so that neither side waits for the other to read.
const pipelined = 16;

const replyDeadlineMs = 60_000;

/** One SMTP session over loopback TCP. */
export class SmtpSession {
  readonly #socket: Socket;
  #received = "";
  #failure: Error | undefined;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("utf8");
      this.#wake();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the SMTP server closed the connection")));
  }

  /** Connects, takes the banner and says EHLO. */
  static async open(port: number): Promise<SmtpSession> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const session = new SmtpSession(socket);
    const banner = await session.#reply();
    if (banner.code !== 220) throw new Error(`SMTP banner: ${banner.code} ${banner.text}`);
    const ehlo = await session.command("EHLO client.example");
    if (ehlo.code !== 250) throw new Error(`EHLO: ${ehlo.code} ${ehlo.text}`);
    return session;
  }

  /** Sends one line and returns its reply, whatever it is. */
  async command(line: string | Uint8Array): Promise<SmtpReply> {
    this.#socket.write(line);
    this.#socket.write("\r\n");
    return this.#reply();
  }

  /** Logs in; the reply is 235 when the password is right. */
  async logIn({ login, password, mechanism = "PLAIN" }: Credentials): Promise<SmtpReply> {
    if (mechanism === "PLAIN") return this.command(`AUTH PLAIN ${base64(`\0${login}\0${password}`)}`);
    const name = await this.command("AUTH LOGIN");
    if (name.code !== 334) return name;
    const secret = await this.command(base64(login));
    return secret.code === 334 ? this.command(base64(password)) : secret;
  }

  /** MAIL FROM; the address goes out as it is, angle brackets around it. */
  mailFrom(address: string | Uint8Array, parameters = ""): Promise<SmtpReply> {
    return this.command(
      Buffer.concat([Buffer.from("MAIL FROM:<"), Buffer.from(address as string), Buffer.from(`>${parameters}`)]),
    );
  }

  /** RCPT TO. With Postfix's default smtpd_delay_reject this is where a sender restriction answers. */
  rcptTo(address: string): Promise<SmtpReply> {
    return this.command(`RCPT TO:<${address}>`);
  }

  /**
   * One envelope, then RSET: the reply to RCPT, or that to MAIL when it was refused there.
   */
  async verdict(from: string | Uint8Array, options: { to?: string; smtputf8?: boolean } = {}): Promise<SmtpReply> {
    const mail = await this.mailFrom(from, options.smtputf8 ? " SMTPUTF8" : "");
    if (mail.code !== 250) return mail;
    const rcpt = await this.rcptTo(options.to ?? "recipient@elsewhere.example");
    const reset = await this.command("RSET");
    if (reset.code !== 250) throw new Error(`RSET: ${reset.code} ${reset.text}`);
    return rcpt;
  }

  /**
   * What `verdict` says to each of these envelopes, a chunk of them in one write (PIPELINING, RFC 2920): many times faster
   * than one command after the other.
   */
  async verdicts(envelopes: readonly Envelope[], to = "recipient@elsewhere.example"): Promise<SmtpReply[]> {
    const replies: SmtpReply[] = [];
    for (let at = 0; at < envelopes.length; at += pipelined) {
      const chunk = envelopes.slice(at, at + pipelined);
      const commands = chunk.map(({ from, smtputf8 }) => {
        const mail = `MAIL FROM:<${from}>${smtputf8 ? " SMTPUTF8" : ""}`;
        return `${mail}\r\nRCPT TO:<${to}>\r\nRSET\r\n`;
      });
      this.#socket.write(commands.join(""));
      for (const _ of chunk) {
        const [mail, rcpt, reset] = [await this.#reply(), await this.#reply(), await this.#reply()];
        if (reset.code !== 250) throw new Error(`RSET: ${reset.code} ${reset.text}`);
        replies.push(mail.code === 250 ? rcpt : mail);
      }
    }
    return replies;
  }

  /** A whole message: the reply to MAIL, RCPT or DATA that refused it, else that to the final dot. */
  async send(from: string, header: readonly string[], options: { smtputf8?: boolean } = {}): Promise<SmtpReply> {
    const steps = [
      () => this.mailFrom(from, options.smtputf8 ? " SMTPUTF8" : ""),
      () => this.rcptTo("recipient@elsewhere.example"),
      () => this.command("DATA"),
    ];
    for (const step of steps) {
      const reply = await step();
      if (reply.code < 400) continue;
      await this.command("RSET");
      return reply;
    }
    // Bytes, not characters: a field may be anything.
    return this.command(Buffer.from(`${[...header, "", "body", "."].join("\r\n")}`, "utf8"));
  }

  /** QUIT, then waits for the server to hang up. */
  async quit(): Promise<void> {
    await this.command("QUIT").catch(() => {});
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  async #reply(): Promise<SmtpReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await within("an SMTP reply", this.#line(), replyDeadlineMs);
      const match = /^(\d{3})([ -])(.*)$/.exec(line);
      if (match === null) throw new Error(`not an SMTP reply: ${JSON.stringify(line)}`);
      lines.push(match[3] as string);
      if (match[2] === "-") continue;
      const [, enhanced = "", text = ""] = /^(\d\.\d{1,3}\.\d{1,3} )?(.*)$/.exec(match[3] as string) ?? [];
      return { code: Number(match[1]), enhanced: enhanced.trim(), text, lines };
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf("\r\n");
      if (end !== -1) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 2);
        return line;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** One session from EHLO to QUIT: what the server says to this envelope. */
export async function attempt(port: number, { from, to, login, smtputf8 }: Attempt): Promise<SmtpReply> {
  const session = await SmtpSession.open(port);
  try {
    if (login !== undefined) {
      const reply = await session.logIn(login);
      if (reply.code !== 235) throw new Error(`AUTH as ${login.login}: ${reply.code} ${reply.text}`);
    }
    return await session.verdict(from, { ...(to && { to }), ...(smtputf8 && { smtputf8 }) });
  } finally {
    await session.quit();
  }
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
