/** Pages that another thread reads, some ahead of the one who needs them. */

import type { CookedLink } from './cooked-link.ts';
import { type Page, type PageTexts, pageOf, type RowSource } from './pages.ts';

/** Texts go from thread to thread cheaply; values go where the texts do not say where one ends. */
export type SentPage =
  | { readonly texts: PageTexts }
  | { readonly texts: null; readonly rows: number; readonly values: Values; readonly docs: readonly unknown[] };

type Values = Readonly<Record<string, readonly unknown[]>>;

/** While one is worked on, so many are read: between them the thread does other things as well. */
const pagesAhead = 8;

export function sentPage({ rows, texts, columns, column, docs }: Page): SentPage {
  if (texts !== null) return { texts };
  return { texts, rows, values: Object.fromEntries(columns.map((name) => [name, column(name)])), docs };
}

function receivedPage(sent: SentPage, { columns }: RowSource): Page {
  const page = sent.texts === null ? null : pageOf(sent.texts, columns);
  if (page !== null) return page;
  if (sent.texts !== null) throw new SyntaxError('a page is not what it was in another thread');
  const { rows, values, docs } = sent;
  const column = (name: string) => values[name] ?? [];
  return { rows, columns: Object.keys(values), column, docs, characters: 0, texts: null };
}

/** As `pages` of pages.ts, but that whoever reads the same in this thread must see whether it was changed meanwhile. */
export async function* sentPages(link: CookedLink, source: RowSource): AsyncGenerator<Page> {
  await link.call('read', source);
  const ask = () => {
    const page = link.call('readOn');
    // It may fail before it is waited for, or be waited for no more.
    page.catch(() => undefined);
    return page;
  };
  const asked = Array.from({ length: pagesAhead }, ask);
  for (;;) {
    const sent = await asked.shift();
    if (sent === undefined || sent === null) return;
    asked.push(ask());
    yield receivedPage(sent, source);
  }
}
