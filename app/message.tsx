/** Owns the shape of a page that has only something to say, and a way on. */
import type { ReactNode } from "react";

export function Message({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="page page-message">
      <h1>{title}</h1>
      {children}
    </main>
  );
}
