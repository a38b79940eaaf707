import { connection } from "next/server";
import { describeProcess } from "./boot";
import { Counter } from "./counter";

export default async function Page() {
  // At each request anew: the line is about this moment, not about the moment of a build.
  await connection();
  const { pid, nonce, startedAt, now } = describeProcess();
  return (
    <main>
      <h1>A Next.js app in a sandbox</h1>
      <p id="server-time">
        It is {clockTime(now)} UTC for process <code id="pid">{pid}</code>, boot{" "}
        <code id="nonce">{nonce}</code>, which started at {clockTime(startedAt)}.
      </p>
      <Counter />
      <p className="quiet">
        Leave, come back and reload: the time moved on, the process and its boot are the same. Edit{" "}
        <code>app/page.jsx</code> and it shows without a reload.
      </p>
    </main>
  );
}

const clockTime = (date) => date.toISOString().slice(11, 19);
