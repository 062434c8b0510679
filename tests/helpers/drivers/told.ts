/** One notice as it stands in a message. */
export interface Told {
  readonly mark: "🔴" | "🔁" | "🟢" | "🟠" | "ℹ️";
  readonly host: string;
  readonly title: string;
  /** The lines below the first. */
  readonly detail: string;
}

const HEAD = /^(🔴|🔁|🟢|🟠|ℹ️) (.+?) · (.+)$/u;

/** What a message that mixes marks begins with: how many of each, and how long the channel was away. */
export const HEADLINE = /^(?:(?:🔴|🔁|🟢|🟠|ℹ️) \d+ · )+(?:🔴|🔁|🟢|🟠|ℹ️) \d+(?: · .+)?$/u;

/** Takes a message apart: each notice begins with its mark. Throws on a line that belongs to none. */
export function told(text: string): Told[] {
  const notices: { mark: Told["mark"]; host: string; title: string; detail: string[] }[] = [];
  for (const line of text.split("\n")) {
    // A blank line follows it.
    if (HEADLINE.test(line) || (line === "" && notices.length === 0)) continue;
    const [, mark, host, title] = HEAD.exec(line) ?? [];
    if (mark !== undefined && host !== undefined && title !== undefined)
      notices.push({ mark: mark as Told["mark"], host, title, detail: [] });
    else if (notices.length > 0) notices.at(-1)?.detail.push(line);
    else throw new Error(`a message that does not begin with a mark: ${text}`);
  }
  return notices.map(({ detail, ...notice }) => ({ ...notice, detail: detail.join("\n").trim() }));
}

/** `🔴 Disk data`: a notice in brief, for lists of what is expected. */
export function brief({ mark, title }: Told): string {
  return `${mark} ${title}`;
}
