/** Owns asking the engine as any program may: with headers of one's choice, which `fetch` does not allow for Host. */
import { request } from "node:http";

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends an event when nothing else is said. */
export function sendRaw(
  engineUrl: string,
  { method = "POST", path = "/e/any-key", headers = {}, body = '{"name":"go"}' }: Sent,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, engineUrl), { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(method === "POST" ? body : undefined);
  });
}
