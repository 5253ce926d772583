/**
 * A walk through the pages of Flink's dashboard in one browser tab, with all that a page asked, was refused and
 * complained of. A page is there when what it must ask is answered, nothing is under way, and it shows what it must show.
 */
import type { Browser, Page, Request } from "playwright-core";
import { expect } from "vitest";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";

const PAGE_WITHIN_MS = 20_000;
/** What a page writes where a figure that it computes with, or waits for, is missing. */
const BROKEN = /\b(NaN|undefined|Infinity|Invalid Date)\b|\[object|loading\.\.\./;
/** The browser's own line for each refused call. */
const REFUSED_LINE = "Failed to load resource: the server responded with a status of";
/** Flink's pages with an editor (logs, thread dump) lay it out once more after they were left, when it is gone. */
const LEFT_EDITOR = "Cannot read properties of null (reading 'layout')";
const isComplaint = (text: string): boolean => !text.startsWith(REFUSED_LINE) && !text.includes(LEFT_EDITOR);

export interface DashboardPage {
  /** Behind `#/`; names in braces are filled in. */
  readonly path: string;
  /** The calls that this page makes beside those of the frame, so filled in, without their query. */
  readonly asks: readonly string[];
  readonly shows: readonly (string | RegExp)[];
  /** Those of its calls that Flink refuses, too. */
  readonly refused?: readonly string[];
  /** What a user opens there, and how, before it shows all that. */
  readonly tab?: string;
  readonly use?: (page: Page) => Promise<void>;
}

export class DashboardWalk {
  readonly #page: Page;
  readonly #url: string;
  readonly #names: Readonly<Record<string, string>>;
  readonly #underWay = new Set<Request>();
  #answered: string[] = [];
  #refused: string[] = [];
  #complaints: string[] = [];

  /** `names` are what stands in braces. */
  static async begin(browser: Browser, url: string, names: Readonly<Record<string, string>>): Promise<DashboardWalk> {
    const page = await browser.newPage({ viewport: { width: 1_400, height: 1_000 } });
    return new DashboardWalk(page, url, names);
  }

  private constructor(page: Page, url: string, names: Readonly<Record<string, string>>) {
    this.#page = page;
    this.#url = url;
    this.#names = names;
    page.on("request", (request) => this.#underWay.add(request));
    page.on("requestfinished", (request) => this.#underWay.delete(request));
    page.on("requestfailed", (request) => {
      this.#underWay.delete(request);
      // A page that is left withdraws its calls.
      const reason = request.failure()?.errorText ?? "failed";
      if (reason !== "net::ERR_ABORTED") this.#complaints.push(`${request.url()}: ${reason}`);
    });
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      (response.status() < 400 ? this.#answered : this.#refused).push(pathname);
    });
    const complain = (text: string) => {
      if (isComplaint(text)) this.#complaints.push(text);
    };
    page.on("pageerror", (error) => complain(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complain(message.text());
    });
  }

  close(): Promise<void> {
    return this.#page.close();
  }

  async visit(visited: DashboardPage): Promise<void> {
    const refused = visited.refused?.map((path) => this.#fill(path)) ?? [];
    const asks = visited.asks.map((path) => this.#fill(path));
    this.#answered = [];
    this.#refused = [];
    this.#complaints = [];
    await this.#page.goto(`${this.#url}#/${this.#fill(visited.path)}`);
    await visited.use?.(this.#page);
    const text = await this.#showsAll(visited, [...asks, ...refused]);
    expect({ refused: [...new Set(this.#refused)], complaints: this.#complaints }).toEqual({ refused, complaints: [] });
    expect(text).not.toMatch(BROKEN);
  }

  /** What it shows in the end. */
  async #showsAll(visited: DashboardPage, asks: readonly string[]): Promise<string> {
    let text = "";
    let missing: unknown[] = [];
    const look = async (): Promise<true | undefined> => {
      text = (await this.#page.locator("body").innerText()).replace(/\s+/g, " ");
      missing = [
        ...asks.filter((path) => ![...this.#answered, ...this.#refused].includes(path)),
        ...visited.shows.filter((shown) =>
          typeof shown === "string" ? !text.includes(this.#fill(shown)) : !shown.test(text),
        ),
      ];
      return missing.length === 0 && this.#underWay.size === 0 ? true : undefined;
    };
    await waitUntil(look, { what: visited.path, deadlineMs: PAGE_WITHIN_MS, intervalMs: 100 }).catch((error: Error) => {
      throw new Error(
        `${error.message}: still missing ${missing.map(String)}; refused ${this.#refused}; shown: ${text}`,
      );
    });
    return text;
  }

  #fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (_, name: string) => this.#names[name] ?? `{${name}}`);
  }
}
