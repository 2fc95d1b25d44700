/** docs/ldap.md: its lines for Postfix and iRedAPD, before and after. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ldapGuideBlocks } from "../../support/docs/ldap-guide.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { run } from "../../support/servers/processes.ts";

let postfix: PostfixHome;

beforeAll(async () => {
  postfix = await makePostfixHome();
});

afterAll(() => postfix?.remove());

describe.each(["iRedMail, LDAP edition", "docker-mailserver", "Active Directory"])("%s", (heading) => {
  test("the lines for Postfix, before and after, are known to it, and refuse a stranger's sender before they permit a login", async () => {
    const all = ldapGuideBlocks("", heading);
    const cf = all.find((block) => /^query_filter/m.test(block)) ?? "";
    const file = await postfix.writeTable(`known-${heading.replaceAll(/\W/g, "-")}.cf`, cf);
    const mains = all.filter((block) => /^# \S*main\.cf/.test(block));
    const services = all.filter((block) => /^# \S*master\.cf/.test(block)).map((block) => block.replace(/^#.*\n/, ""));
    expect(mains.length).toBe(2);
    const [before, after] = await Promise.all(
      mains.map(async (block, i) => {
        const etc = join(postfix.etc, `${heading.replaceAll(/\W/g, "-")}-${i}`);
        await mkdir(etc);
        // What a container adds to main.cf leaves the rest of it as it was.
        const main = `${i === 1 && services.length > 0 ? mains[0] : ""}${block}`.replace(/ldap:\S+/, `ldap:${file}`);
        await writeFile(join(etc, "main.cf"), `compatibility_level = 3.6\n${lastWins(main)}`);
        const submission = `submission inet n - n - - smtpd\n${services.join("") || "  -o smtpd_sasl_auth_enable=yes\n"}`;
        await writeFile(join(etc, "master.cf"), submission);
        const { stdout, stderr, code } = await run("postconf", ["-c", etc, "-n"]);
        expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
        return stdout;
      }),
    );
    expect(before).toMatch(/^smtpd_sender_login_maps = (?:proxy:)?ldap:/m);
    expect(after).toMatch(/^smtpd_sender_login_maps = socketmap:/m);
    const restrictions = /^(?:smtpd|mua)_sender_restrictions =(.*)$/m.exec(after ?? "")?.[1] ?? "";
    const order = restrictions.split(/[\s,]+/).filter((name) => /login_mismatch$|^permit_|^\$/.test(name));
    expect(order[0]).toBe("reject_authenticated_sender_login_mismatch");
  });
});

/** Lines of main.cf without those that a later one of the same name replaces. */
function lastWins(lines: string): string {
  const parameters = lines.split(/\n(?=[^\s])/).map((line) => line.trimEnd());
  return `${parameters.filter((line, i) => !parameters.slice(i + 1).some((later) => nameOf(later) === nameOf(line))).join("\n")}\n`;
}

function nameOf(line: string): string {
  return line.split("=", 1)[0]?.trim() ?? "";
}

test("iRedMail: one of the two decides, before iRedAPD and after Postfix, and the other plugins stay", () => {
  const [before = [], after = []] = ldapGuideBlocks("python", "iRedMail, LDAP edition").map((block) =>
    Array.from(block.matchAll(/"(\w+)"/g), ([, name]) => name),
  );
  expect(before).toContain("reject_sender_login_mismatch");
  expect(after).toEqual(before.filter((name) => name !== "reject_sender_login_mismatch"));
});
