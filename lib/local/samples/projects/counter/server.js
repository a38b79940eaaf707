/**
 * A counter that lives in this process's memory and nowhere else. It shows what a preview keeps while nobody looks:
 * paused, the process stands still with its memory; resumed, it goes on with the same pid and the same boot nonce.
 * A started-again process would have another nonce and count from zero.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

const TICK_EVERY_MS = 100;

const port = Number(process.env.PORT ?? 3000);
const startedAt = Date.now();
/** Made once a boot: a pid can come again in another sandbox, this cannot. */
const bootNonce = randomBytes(8).toString("hex");
let ticks = 0;
let clicks = 0;

// Counts by its own timer, not by the clock, so that it loses exactly the time in which the process did not run.
setInterval(() => {
  ticks += 1;
}, TICK_EVERY_MS);

/** Reads from disk at each request: a page that is edited in the sandbox shows at the next reload. */
const servePage = sirv(fileURLToPath(new URL("public", import.meta.url)), { dev: true });

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://counter");
  if (pathname === "/state") return onlyFor("GET", request, response, sendState);
  if (pathname === "/count") return onlyFor("POST", request, response, count);
  servePage(request, response, () => sendJson(response, 404, { error: `There is no ${pathname} here.` }));
});

server.listen(port, () => console.log(`counter: pid ${process.pid}, boot ${bootNonce}, port ${port}`));

function count(response) {
  clicks += 1;
  sendState(response);
}

function sendState(response) {
  sendJson(response, 200, { pid: process.pid, bootNonce, ticks, clicks, startedAt });
}

function onlyFor(method, request, response, answer) {
  if (request.method === method) return answer(response);
  response.setHeader("allow", method);
  sendJson(response, 405, { error: `Only ${method} works here.` });
}

function sendJson(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
