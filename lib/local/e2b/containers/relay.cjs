/**
 * Runs in a sandbox's network namespace and nowhere else of it. Owns the way in and out: it opens connections to the
 * sandbox's ports and accepts those that leave, and hands each socket to the stand-in, so that no byte goes through
 * here. Names get addresses of 198.18.0.0/15, each with listeners on the ports that programs go out to; so curl, git
 * and every Node program reach the world unchanged. It must never connect to anything itself but the sandbox's own
 * loopback. It ends with the stand-in, and by nothing that a sandbox sends. Plain JavaScript: it starts in a fraction of
 * what a compiled file would take.
 */
"use strict";

const dgram = require("node:dgram");
const net = require("node:net");
const dns = require("dns-packet");

/** Web, git and the databases that apps commonly use. Another port of an outside address is refused. */
const PORTS_OUT = [22, 80, 443, 3306, 5432, 6379, 6543, 27017];

const addresses = new Map();
const questions = new Map();
let lastQuestion = 0;

process.on("message", (message) => {
  if (message.kind === "connect") connect(message).catch(complain);
  if (message.kind === "resolved") answerLater(message);
});
process.on("disconnect", () => process.exit(0));
startNames();

/** IPv4 first, then IPv6: dev servers that listen on `localhost` may have only one of them. */
async function connect({ id, port }) {
  for (const host of ["127.0.0.1", "::1"]) {
    const socket = await tryConnect(host, port);
    if (socket) return process.send({ kind: "connected", id }, socket);
  }
  process.send({ kind: "closed", id });
}

function tryConnect(host, port) {
  return new Promise((resolve) => {
    const socket = new net.Socket();
    // Nothing may be read here: it would be missing on the other side.
    socket.pause();
    socket.on("error", () => resolve(undefined));
    socket.connect({ host, port }, () => resolve(socket));
  });
}

function startNames() {
  const server = dgram.createSocket("udp4");
  server.on("message", (bytes, from) => {
    const query = readQuery(bytes);
    if (query) answerName(server, query, from).catch(complain);
  });
  server.bind(53, "127.0.0.1", () => {
    // Until here an error ends the relay, and the stand-in hears why.
    server.on("error", complain);
    process.send({ kind: "ready" });
  });
}

/** Undefined for what is no query: any program may send anything here, and a name server is silent then. */
function readQuery(bytes) {
  try {
    const query = dns.decode(bytes);
    return query.type === "query" ? query : undefined;
  } catch {
    return undefined;
  }
}

async function answerName(server, query, from) {
  const question = query.questions?.[0];
  const reply = (answers, failure = 0) => {
    const flags = dns.RECURSION_DESIRED | dns.RECURSION_AVAILABLE | failure;
    const packet = { type: "response", id: query.id, flags, questions: query.questions, answers };
    server.send(dns.encode(packet), from.port, from.address);
  };
  if (question?.type !== "A" && question?.type !== "AAAA") return reply([], NOT_IMPLEMENTED);
  if (!(await isKnownOutside(question.name))) return reply([], NO_SUCH_NAME);
  // There is no IPv6 way out: no answer of that kind, and the name exists.
  if (question.type === "AAAA") return reply([]);
  reply([{ type: "A", name: question.name, ttl: 60, data: await addressOf(question.name) }]);
}

const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;

/** The stand-in looks names up; there is nothing in here that could. */
function isKnownOutside(name) {
  return new Promise((resolve) => {
    lastQuestion += 1;
    questions.set(lastQuestion, resolve);
    process.send({ kind: "resolve", id: lastQuestion, name: name.toLowerCase() });
  });
}

function answerLater({ id, isFound }) {
  questions.get(id)?.(isFound);
  questions.delete(id);
}

/** Resolves once its ports are open. */
function addressOf(asked) {
  const name = asked.toLowerCase();
  const known = addresses.get(name);
  if (known) return known;
  const number = addresses.size + 1;
  const address = `198.${18 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  const opened = Promise.all(PORTS_OUT.map((port) => listenFor(name, address, port))).then(() => address);
  addresses.set(name, opened);
  return opened;
}

/** A port that the sandbox itself has taken on all addresses is not open outwards; the others are. */
function listenFor(name, address, port) {
  return new Promise((resolve) => {
    const server = net.createServer({ pauseOnConnect: true }, (socket) => {
      // A program that breaks off is its own affair.
      socket.on("error", () => undefined);
      process.send({ kind: "leaving", name, port }, socket);
    });
    // Also later, when it cannot accept: that connection is lost, the next may be taken.
    server.on("error", resolve);
    server.listen(port, address, resolve);
  });
}

/** The stand-in keeps the end of it for the error that says why a relay did not start. */
function complain(error) {
  process.stderr.write(`${error.stack ?? error}\n`);
}
