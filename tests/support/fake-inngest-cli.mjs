#!/usr/bin/env node
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
// A stand-in for the program `inngest-cli`, for tests of how it is started: it parses the options of `inngest dev`, listens
// where it is told, and writes down what it was given. It runs no function: nothing may be concluded from it about the
// real server's behaviour. How it goes wrong is chosen by the name that it is started under.
import { createServer } from "node:http";
import { basename } from "node:path";

const [command, ...rest] = process.argv.slice(2);
const switches = ["--no-discovery", "--no-poll"];
const options = new Map(rest.filter((text) => switches.includes(text)).map((name) => [name, true]));
const pairs = rest.filter((text) => !switches.includes(text));
for (let index = 0; index < pairs.length; index += 2) options.set(pairs[index], pairs[index + 1]);
const note = (entry) =>
  appendFileSync(process.env.FAKE_CLI_TOLD ?? "told.jsonl", `${JSON.stringify(entry)}\n`);
const inherited = Object.keys(process.env).filter((name) => name.startsWith("INNGEST_"));
note({ command, options: Object.fromEntries(options), inherited, pid: process.pid });

const name = basename(process.argv[1]);
if (name.startsWith("failing")) {
  console.error("cannot bind the queue");
  process.exit(3);
}
if (name.startsWith("stubborn")) process.on("SIGTERM", () => undefined);
// Something that it has started in turn, as the npm package's wrapper starts the program itself.
const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], { stdio: "ignore" });
note({ child: child.pid });

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const answer = answerTo(
      `${request.method} ${request.url?.split("?")[0]}`,
      Buffer.concat(chunks).toString(),
    );
    response.writeHead(answer === null ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
});

function answerTo(asked, body) {
  if (asked === "GET /health") return { status: 200, message: "OK" };
  if (asked === "GET /dev") return { version: "0.0.0-fake", functions: [], handlers: [] };
  if (asked.startsWith("POST /e/")) {
    const names = JSON.parse(body).map((event) => event.name);
    note({ sent: names });
    return { ids: names.map((_, index) => `01FAKE${index}`), status: 200 };
  }
  if (asked !== "POST /fn/register") return null;
  note({ registered: JSON.parse(body).functions.map((fn) => fn.id) });
  return { ok: true, modified: true };
}

if (!name.startsWith("silent")) server.listen(Number(options.get("--port")), options.get("--host"));
