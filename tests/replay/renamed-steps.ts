/**
 * Owns known-bad variants of the shipping functions: the same code with one step that has another id, is gone, or comes
 * after a new one. Nothing in the product knows of it: what the functions are made with hands them another `step`. It must
 * never change anything else.
 */
import { createFunctions } from "@/functions";
import type { Runtime } from "@/lib/runtime";
import { familyOf } from "./history-files";
import type { MakeFunctions } from "./replayed-run";

export type Variant =
  /** Of this id's author, whatever its number. */
  | { readonly kind: "renamed"; readonly family: string }
  | { readonly kind: "dropped"; readonly family: string }
  | { readonly kind: "preceded"; readonly family: string };

export const functionsWith =
  (variant: Variant): MakeFunctions =>
  (runtime: Runtime) => {
    const { inngest } = runtime;
    const changed = new Proxy(inngest, {
      get(client, property) {
        const value: unknown = Reflect.get(client, property);
        if (typeof value !== "function") return value;
        if (property !== "createFunction") return value.bind(client);
        return (options: unknown, handler: (context: { step: object }) => unknown): unknown =>
          Reflect.apply(value, client, [
            options,
            (context: { step: object }) => handler({ ...context, step: stepsWith(context.step, variant) }),
          ]);
      },
    });
    return createFunctions({ ...runtime, inngest: changed });
  };

function stepsWith(step: object, variant: Variant): object {
  return new Proxy(step, {
    get(tools, property) {
      const tool: unknown = Reflect.get(tools, property);
      if (typeof tool !== "function") return tool;
      return async (id: string, ...rest: unknown[]): Promise<unknown> => {
        if (familyOf(id) !== variant.family) return Reflect.apply(tool, tools, [id, ...rest]);
        switch (variant.kind) {
          case "renamed":
            return Reflect.apply(tool, tools, [`${id}-renamed`, ...rest]);
          case "dropped":
            return undefined;
          case "preceded":
            await Reflect.apply(tool, tools, [`before-${id}`, ...rest]);
            return Reflect.apply(tool, tools, [id, ...rest]);
        }
      };
    },
  });
}
