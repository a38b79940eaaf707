/**
 * Owns the last lines of a log, kept scrolled to the newest unless a person has scrolled up to read. The text is shown
 * as text: what a project prints must never become markup. Cannot fail.
 */
"use client";

import { useEffect, useRef } from "react";

/** How far from the end, in pixels, still counts as "at the end". */
const END_SLACK_PX = 24;

export function LogTail({ text }: { readonly text: string }) {
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);

  useEffect(() => {
    if (box.current && isAtEnd.current && text) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);

  return (
    // Browsers make a region that scrolls reachable by keyboard themselves.
    <section className="preview-log" aria-label="Log">
      <pre
        ref={box}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < END_SLACK_PX;
        }}
      >
        {text}
      </pre>
    </section>
  );
}
