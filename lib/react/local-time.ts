/**
 * Owns how a moment of the server's reads where the person is: in their zone and their way of writing, with the day only
 * where it is another than today. Pure; cannot fail.
 */

/** `zone` is the person's own when absent; tests name one. */
export function localTimeText(
  at: number,
  now: number,
  zone: { locale?: string; timeZone?: string } = {},
): string {
  const { locale, timeZone } = zone;
  const written = (options: Intl.DateTimeFormatOptions, of: number) =>
    new Intl.DateTimeFormat(locale, { ...options, ...(timeZone ? { timeZone } : {}) }).format(of);
  const time = written({ timeStyle: "medium" }, at);
  const [day, today] = [written({ dateStyle: "medium" }, at), written({ dateStyle: "medium" }, now)];
  return day === today ? time : `${written({ day: "numeric", month: "short" }, at)}, ${time}`;
}
