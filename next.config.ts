/**
 * Owns how Next builds and serves this app. Data, but for the headers, which follow where previews answer.
 * Vercel reads the functions' longest duration from vercel.json and from the routes.
 */
import type { NextConfig } from "next";
import { securityHeaders } from "./app/security-headers";

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  // This folder and no parent: a lockfile further up must not widen what is watched and bundled.
  turbopack: { root: import.meta.dirname },
  // The local cloud and its samples are no part of what is deployed.
  outputFileTracingExcludes: { "/*": ["./lib/local/**", "./tests/**", "./.local/**"] },
  headers: async () => [{ source: "/:path*", headers: securityHeaders(process.env.PREVIEW_URL_TEMPLATE) }],
};

export default config;
