import { expect, test } from "vitest";
import { createLog } from "../../../src/telemetry/log.ts";
import { LossyStream } from "../../../src/telemetry/lossy-stream.ts";

/** A sink that takes lines while there is room. */
function sink() {
  const lines: string[] = [];
  const made = {
    room: Number.POSITIVE_INFINITY,
    lines,
    write(line: string): boolean {
      if (made.room === 0) return false;
      made.room--;
      lines.push(line);
      return true;
    },
  };
  return made;
}

test.each(["json", "text"] as const)(
  "lines that were lost are counted, and told with the next that goes out (%s)",
  (format) => {
    const disk = sink();
    const log = createLog({ level: "info", format }, new LossyStream(disk, format));
    log.info({}, "one");
    disk.room = 0;
    log.info({}, "two");
    log.info({}, "three");
    // Enough for what is to be told, not for the line behind it.
    disk.room = 1;
    log.info({}, "four");
    disk.room = 2;
    log.info({}, "five");
    log.info({}, "six");
    const said = disk.lines.map(
      (line) => /one|two|three|four|five|six|log lines were lost.*|lost[=":]*\d/.exec(line)?.[0],
    );
    expect(said).toHaveLength(4);
    expect(said.filter((_, i) => i !== 1 && i !== 2)).toEqual(["one", "five"]);
    expect(disk.lines[1]).toMatch(
      format === "json" ? /"lost":2,"msg":"log lines were lost"\}\n$/ : / log lines were lost lost=2\n$/,
    );
    expect(disk.lines[2]).toMatch(/lost.*1/);
    disk.room = 9;
    log.info({}, "seven");
    expect(disk.lines.slice(4).map((line) => /lost|seven/.exec(line)?.[0])).toEqual(["lost", "seven"]);
  },
);
