/** Owns what a person reads when a page failed in a way that nobody foresaw; details stay in the server's log. */
"use client";

import { Message } from "./message";

export default function PageError({ reset }: { readonly error: Error; readonly reset: () => void }) {
  return (
    <Message title="This page failed">
      <p>Something failed that should not have. Previews are not touched by it.</p>
      <p>
        <button type="button" className="button" onClick={reset}>
          Try again
        </button>{" "}
        <a href="/">All samples</a>
      </p>
    </Message>
  );
}
