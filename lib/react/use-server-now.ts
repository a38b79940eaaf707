/**
 * Owns a server's clock that ticks once a second in a component. Only the small parts that show time use it, so that
 * the rest of the pane is not drawn every second. Cannot fail.
 */
"use client";

import { useEffect, useState } from "react";

/** Milliseconds since the epoch, by the server's clock. */
export function useServerNow(clockOffsetMs: number): number {
  const [browserNow, setBrowserNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setBrowserNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return browserNow + clockOffsetMs;
}
