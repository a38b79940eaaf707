/**
 * Loaded into every Node process of a sandbox by NODE_OPTIONS. Owns that two sandboxes can both listen on port 3000 of
 * one machine: a server that asks for a port gets a free one on loopback, is told it has the one it asked for, and the
 * pair is written down for the preview proxy. Connections from Node to the sandbox's own ports are led there too.
 * It must never break a program: what it does not understand goes to Node unchanged, and a port that cannot be
 * written down is an error of that listen, not of the process.
 *
 * What is not Node cannot be mapped: a Python or Go server takes its port on this machine for real, is not reached
 * through the preview proxy, and `curl localhost:3000` inside a sandbox does not find a mapped server.
 */
"use strict";

const cluster = require("node:cluster");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");

const folder = process.env.REKINDLE_LOCAL_PORTS;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""]);

/** Node's own, which tells the real port. */
const addressOf = net.Server.prototype.address;
/** What each mapped server asked for. */
const asked = new WeakMap();
/** Files to take away when the process ends. */
const held = new Set();

if (folder && !net.Server.prototype.listen.isMappedByRekindle) {
  mapListen();
  mapAddress();
  mapConnect();
  process.on("exit", () => {
    for (const file of held) remove(file);
  });
}

function mapListen() {
  const listen = net.Server.prototype.listen;
  function mappedListen(...args) {
    // Listening twice is a mistake that Node itself reports.
    const wish = this.listening ? undefined : readWish(args);
    if (!wish) return listen.apply(this, args);
    if (cluster.isWorker) {
      // The primary listens for its workers, and is mapped itself.
      asked.set(this, wish);
      return listen.apply(this, args);
    }
    const file = path.join(folder, String(wish.port));
    const refusal = reserve(file);
    if (refusal) return refuse(this, wish, refusal);
    asked.set(this, wish);
    held.add(file);
    // Before the program's own listeners, so that who hears "listening" finds the pair written down.
    this.prependOnceListener("listening", () => {
      writeDown(file, addressOf.call(this).port);
      pretend(this._handle, wish.port);
    });
    // No listener for "error": having one would make an error silent that should end the program.
    this.once("close", () => {
      held.delete(file);
      remove(file);
    });
    return listen.call(this, { ...wish.options, port: 0, host: "127.0.0.1" }, wish.callback);
  }
  mappedListen.isMappedByRekindle = true;
  net.Server.prototype.listen = mappedListen;
}

/** A cluster's primary reports its handle's port to the workers, who take another port than asked for as refused. */
function pretend(handle, port) {
  const { getsockname } = handle ?? {};
  if (!getsockname) return;
  handle.getsockname = function pretended(out) {
    const result = getsockname.call(this, out);
    out.port = port;
    return result;
  };
}

function mapAddress() {
  net.Server.prototype.address = function address() {
    const real = addressOf.call(this);
    const wish = asked.get(this);
    if (!wish || !real || typeof real === "string") return real;
    return { ...real, ...shownHost(wish.host), port: wish.port };
  };
}

function mapConnect() {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function mappedConnect(...args) {
    // Node's own callers pass one array, already normalized: [options, callback].
    const normalized = Array.isArray(args[0]);
    const options = normalized ? args[0][0] : readConnectOptions(args);
    const real = options && realPort(options);
    if (!real) return connect.apply(this, args);
    const led = { ...options, port: real, host: "127.0.0.1" };
    if (normalized) args[0][0] = led;
    else args = [led, args.find((arg) => typeof arg === "function")];
    return connect.apply(this, args);
  };
}

/** The port asked for and the rest, from any form of `listen`; undefined for what is not a TCP port above 0. */
function readWish(args) {
  const callback = args.find((arg) => typeof arg === "function");
  const first = args[0];
  if (typeof first === "object" && first !== null) {
    if (first.path !== undefined || first.fd !== undefined || first._handle) return undefined;
    const port = readPort(first.port);
    return port && { port, host: first.host, options: first, callback };
  }
  const port = readPort(first);
  const host = typeof args[1] === "string" ? args[1] : undefined;
  return port && { port, host, options: {}, callback };
}

function readConnectOptions(args) {
  const [first, second] = args;
  if (typeof first === "object" && first !== null) return first;
  return { port: first, host: typeof second === "string" ? second : undefined };
}

/** Text counts as in Node: `process.env.PORT` is text. */
function readPort(value) {
  const isPort = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
  const port = isPort ? Number(value) : 0;
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

function realPort(options) {
  const port = readPort(options.port);
  if (!port || options.path !== undefined || !LOOPBACK.has(options.host ?? "")) return undefined;
  const entry = read(path.join(folder, String(port)));
  return entry && isAlive(entry.pid) ? entry.port : undefined;
}

/** Undefined when the port is ours now; else why not. Linking a written file decides between two that ask at once. */
function reserve(file) {
  const draft = `${file}.${process.pid}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      fs.writeFileSync(draft, JSON.stringify({ pid: process.pid, port: null }));
      fs.linkSync(draft, file);
      return undefined;
    } catch (error) {
      if (error.code !== "EEXIST") return error;
      const holder = read(file);
      if (holder && isAlive(holder.pid)) return { code: "EADDRINUSE" };
      // Left by a process that was killed.
      remove(file);
    } finally {
      remove(draft);
    }
  }
  return { code: "EADDRINUSE" };
}

/** By rename: a reader must never see half of it. */
function writeDown(file, port) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, JSON.stringify({ pid: process.pid, port }));
  fs.renameSync(draft, file);
}

function refuse(server, wish, cause) {
  const address = shownHost(wish.host).address ?? wish.host;
  const inUse = cause.code === "EADDRINUSE";
  const error = inUse
    ? Object.assign(new Error(`listen EADDRINUSE: address already in use ${address}:${wish.port}`), {
        code: "EADDRINUSE",
        errno: -98,
        syscall: "listen",
        address,
        port: wish.port,
      })
    : cause;
  process.nextTick(() => server.emit("error", error));
  return server;
}

function shownHost(host) {
  if (host === undefined || host === "" || host === "::") return { address: "::", family: "IPv6" };
  if (host === "0.0.0.0") return { address: "0.0.0.0", family: "IPv4" };
  return {};
}

function read(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // Not there, or gone between two looks: nobody holds it.
    return undefined;
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch {
    // Somebody else took it away, which is what was wanted.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
  return !isZombie(pid);
}

/** In a container without an init, a killed process can stay in the table for ever. */
function isZombie(pid) {
  if (process.platform !== "linux") return false;
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    // Gone between the two looks.
    return true;
  }
}
