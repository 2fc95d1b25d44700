/**
 * A database is restarted; how long does who take to answer again? Postfix's own `proxy:mysql:` table and loginmapd, asked side
 * by side for addresses that nobody asked for before.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lag } from "../../support/lag.ts";
import { makePostfixHome, type Postfix, type PostfixHome, startPostfix } from "../../support/servers/postfix.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let stage: Stage;
let home: PostfixHome;
let postfix: Postfix;
let table: string;

beforeAll(async () => {
  stage = await startStage();
  home = await makePostfixHome();
  const file = await home.writeTable(
    "native.cf",
    [
      `hosts = 127.0.0.1:${stage.mariadb.port}`,
      "user = loginmapd",
      "password = reader-password",
      `dbname = ${stage.mariadb.database}`,
      "query = SELECT login FROM catch_alls WHERE domain = '%d'",
      "",
    ].join("\n"),
  );
  table = `proxy:mysql:${file}`;
  await home.setParameter("proxy_read_maps", table);
  postfix = await startPostfix(home, [{ name: "any", options: {} }]);
});

afterAll(async () => {
  await postfix.stop();
  await home.remove();
  await stage.stop();
});

let asked = 0;
const fresh = () => `recovery${++asked}@catch.example`;
const postfixAnswers = async () => (await home.postmap(table, fresh())).kind === "found";
const loginmapdAnswers = async () =>
  (await askOnce(stage.ports.socketmap, "senders", fresh())) === "OK erin@catch.example";

async function msUntil(what: string, answers: () => Promise<boolean>, sinceMs: number): Promise<number> {
  await waitUntil(what, answers, 90_000);
  return Math.round(performance.now() - sinceMs);
}

test("after a restart of the database loginmapd answers within a second, where Postfix's own table needs a minute", async () => {
  expect([await postfixAnswers(), await loginmapdAnswers()]).toEqual([true, true]);
  await stage.mariadb.kill();
  expect([await postfixAnswers(), await loginmapdAnswers()]).toEqual([false, false]);
  const lag = new Lag();
  await stage.mariadb.start();
  const back = performance.now();
  const [ours, theirs] = await Promise.all([
    msUntil("loginmapd", loginmapdAnswers, back),
    msUntil("Postfix's own table", postfixAnswers, back),
  ]);
  console.table({
    loginmapd: { "answers again after ms": ours },
    "proxy:mysql:": { "answers again after ms": theirs },
  });
  lag.stop();
  expect(ours).toBeLessThan(1000 + lag.allowanceMs);
  expect(theirs).toBeGreaterThan(30_000);
}, 120_000);
