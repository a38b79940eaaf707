/** Whether a webhook's body is E2B's: only with a secret of ours, over the bytes as they came. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { signedByE2b } from "@/lib/webhooks/signature";

const SECRET = "the-webhook-secret";
const BODY = '{"id":"1","text":"ü"}';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As E2B's documents have it (e2b.md §5.4). */
const signatureOf = (secret: string, body: string): string =>
  createHash("sha256")
    .update(secret + body)
    .digest("base64url");

const headers = (signature: string, version = "v1"): Headers =>
  new Headers({ "e2b-signature": signature, "e2b-signature-version": version });

const isGood = (given: Headers, body = BODY, secrets: readonly string[] = [SECRET]): boolean =>
  signedByE2b(secrets)(given, bytes(body));

test("a body that was signed with the secret is E2B's", () => {
  expect(isGood(headers(signatureOf(SECRET, BODY)))).toBe(true);
});

test("the plain alphabet of base64, padded or not, names the same bytes", () => {
  // Found so that the two alphabets differ.
  const body = Array.from({ length: 100 }, (_, index) => `{"id":${index}}`).find((each) =>
    /-.*_|_.*-/.test(signatureOf(SECRET, each)),
  );
  if (body === undefined) throw new Error("no signature has both letters");
  const plain = signatureOf(SECRET, body).replaceAll("-", "+").replaceAll("_", "/");

  expect(isGood(headers(plain), body)).toBe(true);
  expect(isGood(headers(`${plain}=`), body)).toBe(true);
});

test("while one secret takes another's place, either is good, wherever it stands", () => {
  const secrets = ["an-older-secret-of-it", SECRET, "a-newer-secret-of-it"];

  for (const secret of secrets) expect(isGood(headers(signatureOf(secret, BODY)), BODY, secrets)).toBe(true);
  expect(isGood(headers(signatureOf("another-secret", BODY)), BODY, secrets)).toBe(false);
});

describe("refused is", () => {
  const good = signatureOf(SECRET, BODY);

  test.each([
    ["none", ""],
    ["one of another secret", signatureOf("another", BODY)],
    ["one of another body", signatureOf(SECRET, `${BODY} `)],
    ["one of the secret alone", signatureOf(SECRET, "")],
    ["a shorter one", good.slice(0, -1)],
    ["a longer one", `${good}A`],
    ["one of its first bytes", good.slice(0, 8)],
    ["one with something else behind it", `${good},${good}`],
    ["the hexadecimal form", Buffer.from(good, "base64url").toString("hex")],
  ])("%s", (_what, signature) => {
    expect(isGood(headers(signature))).toBe(false);
  });

  test.each(["v2", "", "V1", "v1,v1"])("a good one of version %j", (version) => {
    expect(isGood(headers(good, version))).toBe(false);
  });

  test("a good one without a version, or a version without one", () => {
    expect(isGood(new Headers({ "e2b-signature": good }))).toBe(false);
    expect(isGood(new Headers({ "e2b-signature-version": "v1" }))).toBe(false);
  });

  test("every one without a secret", () => {
    expect(isGood(headers(signatureOf("", BODY)), BODY, [])).toBe(false);
  });
});

test("bytes that are no text are signed as they are", () => {
  const raw = new Uint8Array([0xff, 0x00, 0x80]);
  const signature = createHash("sha256").update(SECRET).update(raw).digest("base64url");

  expect(signedByE2b([SECRET])(headers(signature), raw)).toBe(true);
  expect(signedByE2b([SECRET])(headers(signature), new Uint8Array([0xff, 0x00, 0x81]))).toBe(false);
});
