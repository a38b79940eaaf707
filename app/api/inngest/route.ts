/**
 * Mounts the durable functions for Inngest: PUT registers them, POST runs a step, GET introspects. The SDK checks the
 * signature outside dev mode. Fails closed: an app that cannot be built answers with that error.
 */
import type { NextRequest } from "next/server";
import { theApp } from "@/app/rekindle";
import { answerError } from "@/lib/routes/answers";

/** Seconds; a step takes at most about 20, the rest is for a slow start of the function. */
export const maxDuration = 60;

export const GET = mount("GET");
export const POST = mount("POST");
export const PUT = mount("PUT");

function mount(method: "GET" | "POST" | "PUT") {
  return async (request: NextRequest, context: unknown): Promise<Response> => {
    try {
      return await theApp().inngest[method](request, context);
    } catch (error) {
      return answerError(error);
    }
  };
}
