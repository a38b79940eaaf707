/**
 * Owns how Next builds and serves this app. Data, but for the headers, which follow where previews answer.
 * Vercel reads the functions' longest duration from vercel.json and from the routes.
 */
import type { NextConfig } from "next";
import { securityHeaders } from "./app/security-headers";

const config: NextConfig = {
  // Next takes a lock in here: launches beside each other bring folders of their own, inside this one.
  distDir: process.env.NEXT_DIST_DIR || ".next",
  reactStrictMode: true,
  poweredByHeader: false,
  // A frame fills the page and may hold a Next app with an indicator of its own; errors are shown all the same.
  devIndicators: false,
  // The other name of the same machine; without it the hot reload's socket is refused there.
  allowedDevOrigins: ["127.0.0.1"],
  // Inngest's syncs and the pane's looks come every few seconds and would bury what a developer wants to see.
  logging: { incomingRequests: { ignore: [/^\/api\/inngest/, /^\/api\/previews\/[^/]+$/] } },
  // This folder and no parent: a lockfile further up must not widen what is watched and bundled.
  turbopack: { root: import.meta.dirname },
  // The local cloud and its samples are no part of what is deployed.
  outputFileTracingExcludes: { "/*": ["./lib/local/**", "./tests/**", "./.local/**"] },
  headers: async () => [{ source: "/:path*", headers: securityHeaders(process.env.PREVIEW_URL_TEMPLATE) }],
};

export default config;
