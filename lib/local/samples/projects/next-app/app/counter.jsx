"use client";

import { useState } from "react";

/** Counts in this browser tab only: it starts again at a reload, unlike the process whose line stands above it. */
export function Counter() {
  const [clicks, setClicks] = useState(0);
  return (
    <p className="row">
      <button id="count" type="button" onClick={() => setClicks(clicks + 1)}>
        Count
      </button>
      <span>
        <span id="clicks">{clicks}</span> clicks in this tab
      </span>
    </p>
  );
}
