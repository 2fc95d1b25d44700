/** The text of main.cf and master.cf, edited as an administrator would. */

/** Takes out the parameters that other lines set: postconf warns of one that is set twice. */
export function withoutParameters(text: string, lines: string): string {
  return Array.from(lines.matchAll(/^\w+(?= =)/gm), ([name]) => name).reduce(
    (rest, name) => rest.replaceAll(new RegExp(`^${name} =.*\n([ \\t].*\n)*`, "gm"), ""),
    text,
  );
}

/** Puts `-o { NAME = VALUE }` in place of the override of that name, or adds it, in one service; `undefined` takes it out. */
export function override(service: string, name: string, value: string | undefined) {
  return (text: string): string => {
    const [before = "", rest = ""] = splitOnce(text, new RegExp(`^${service.replaceAll(".", "\\.")} `, "m"));
    const [entry = "", after = ""] = splitOnce(rest, /\n(?=[^ ])/);
    const kept = entry.split("\n").filter((line) => !line.trim().startsWith(`-o ${name}=`));
    const lines = value === undefined ? kept : [...kept, `  -o { ${name} = ${value} }`];
    return `${before}${service} ${lines.join("\n")}\n${after}`;
  };
}

/** What stands before and behind the first match of a pattern. */
export function splitOnce(text: string, pattern: RegExp): [string, string] {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`nothing matches ${pattern}`);
  return [text.slice(0, match.index), text.slice(match.index + match[0].length)];
}
