/**
 * Owns the headers of our own pages: nobody frames us, we frame only previews, and nothing about us travels to them.
 * Pure; Next applies them to every route. A preview host that is not a template with its own host name is refused by
 * the browser, not guessed. COEP stays unset: it would block ordinary dev servers in the frame.
 */

export interface Header {
  readonly key: string;
  readonly value: string;
}

export function securityHeaders(previewUrlTemplate: string | undefined): Header[] {
  const policy = [
    `frame-src ${frameSource(previewUrlTemplate)}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "object-src 'none'",
  ];
  return [
    { key: "Content-Security-Policy", value: policy.join("; ") },
    { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
    { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
    // Not no-referrer: browsers then send `Origin: null` with some posts of our own pages, which our routes refuse.
    { key: "Referrer-Policy", value: "same-origin" },
    { key: "X-Content-Type-Options", value: "nosniff" },
  ];
}

/** Where E2B answers, until a template says otherwise. */
const usualSource = "https://*.e2b.app";

/** The template's origin, with a wildcard where the sandbox's own label stands: all that CSP can say of it. */
function frameSource(template: string | undefined): string {
  const parts = template?.match(/^(https?):\/\/([^/:]+)(:\d+)?/);
  if (!parts) return usualSource;
  const [, scheme = "https", host = "", port = ""] = parts;
  const labels = host.split(".");
  const firstFixed = labels.findLastIndex((label) => label.includes("{")) + 1;
  const name = firstFixed > 0 ? ["*", ...labels.slice(firstFixed)].join(".") : host;
  return name === "*" ? usualSource : `${scheme}://${name}${port}`;
}
