/** What a browser has drawn of the status page: pixels of a chart, ends of lines, texts too faint to read. */
import type { Page } from "playwright-core";

/** How many pixels of a chart's canvas have nearly the colour of a custom property of the page. */
export async function pixelsOf(page: Page, chart: string, property: string): Promise<number> {
  return (await rowsOf(page, chart, property)).length;
}

/** How far down the topmost pixel of that colour is, in CSS pixels from the top of the chart. */
export async function topOf(page: Page, chart: string, property: string): Promise<number> {
  return Math.min(...(await rowsOf(page, chart, property)));
}

/** The row of every pixel of that colour. */
function rowsOf(page: Page, chart: string, property: string): Promise<number[]> {
  return page.evaluate(
    ([selector, name]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`${selector} canvas`);
      if (canvas === null) return [];
      // Read from a copy: the browser warns when a canvas that is drawn to is read again and again.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy?.drawImage(canvas, 0, 0);
      const pixels = copy?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      const rows: number[] = [];
      for (let i = 0; i < pixels.length; i += 4) {
        if (wanted.every((part, j) => Math.abs(part - (pixels[i + j] ?? 0)) < 12) && (pixels[i + 3] ?? 0) > 200)
          rows.push(Math.floor(i / 4 / canvas.width) / devicePixelRatio);
      }
      return rows;
    },
    [chart, property] as const,
  );
}

/** Of every element that is broken into lines, all lines but the last. */
export function lineEnds(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((elements) =>
    elements.flatMap((element) => {
      const lines: { text: string; readonly bottom: number }[] = [];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        for (const [i, character] of [...(node.textContent ?? "")].entries()) {
          const range = document.createRange();
          range.setStart(node, i);
          range.setEnd(node, i + 1);
          const { top, bottom } = range.getBoundingClientRect();
          const line = lines.at(-1);
          if (line === undefined || top >= line.bottom) lines.push({ text: character, bottom });
          else line.text += character;
        }
      }
      return lines.slice(0, -1).map(({ text }) => text);
    }),
  );
}

/** Texts whose contrast with their ground is below 4.5 to 1 (WCAG 2.2, success criterion 1.4.3). */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string) => {
      const [red = 0, green = 0, blue = 0] = parse(color).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element: Element | null): string => {
      if (element === null) return "rgb(255, 255, 255)";
      const { backgroundColor } = getComputedStyle(element);
      return (parse(backgroundColor)[3] ?? 1) === 0 ? groundOf(element.parentElement) : backgroundColor;
    };
    const faint: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      const text = Array.from(element.childNodes, (node) => (node.nodeType === Node.TEXT_NODE ? node.textContent : ""))
        .join("")
        .trim();
      if (text === "" || !element.checkVisibility()) continue;
      const [lighter = 0, darker = 0] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))].sort(
        (a, b) => b - a,
      );
      const contrast = (lighter + 0.05) / (darker + 0.05);
      if (contrast < 4.5) faint.push(`${text}: ${contrast.toFixed(2)}`);
    }
    return faint;
  });
}
