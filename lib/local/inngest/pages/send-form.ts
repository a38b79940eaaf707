/** Owns the form that sends an event, on the home page and, filled in, on an event's. Pure; cannot fail. */
import { type Html, html } from "./html";
import type { PageKey } from "./page-key";

export interface Draft {
  readonly name: string;
  /** As it was typed, JSON or not. */
  readonly data: string;
}

export const EMPTY_DRAFT: Draft = { name: "", data: "{}" };

export const sendForm = (
  key: PageKey,
  { name, data }: Draft,
  label: string,
): Html => html`<form method="post" action="/actions/send">${key.field}
<label>Name<input type="text" name="name" value="${name}" placeholder="preview/requested" required autocomplete="off" spellcheck="false"></label>
<label>Data, a JSON object<textarea name="data" spellcheck="false">
${data}</textarea></label>
<button class="main">${label}</button></form>`;
