/**
 * Owns the commands as they are typed: names, arguments, options and their help. Understanding one chooses an act and
 * starts nothing. Fails closed, with the library's own errors: what is not known, missing or does not fit is refused.
 */
import { Argument, Command, InvalidArgumentError, Option, type OutputConfiguration } from "commander";
import { z } from "zod";
import type { Whose } from "@/lib";
import { stateSchema } from "@/lib/preview/transitions";
import { switchNameSchema, switchNames } from "@/lib/store/fleet";
import type { Answer } from "./answer";
import * as commands from "./commands";
import { parseFullName } from "./which";

export type Act = (given: commands.Given) => Promise<Answer>;

/** `userName`: who turns a switch or suspends, when nothing else is said. */
export function programOf(
  userName: string,
  choose: (act: Act) => void,
  output: OutputConfiguration,
): Command {
  const program = new Command("rekindle")
    .description("Looks after previews: all of them, one of them, and what runs at the provider.")
    .option("--json", "one JSON document on standard output, and nothing else")
    .exitOverride()
    .configureOutput(output);
  list(program, choose);
  onOne(program, choose);
  onAll(program, choose);
  switches(program, choose, userName);
  users(program, choose, userName);
  return program;
}

type Choose = (act: Act) => void;

const TERM = "project, user, project/user, sandbox id or preview address, in full";

const listOptions = z.object({
  state: stateSchema.optional(),
  user: z.string().optional(),
  project: z.string().optional(),
  most: z.number().optional(),
  from: z.string().optional(),
  all: z.boolean().optional(),
});

function list(program: Command, choose: Choose): void {
  program
    .command("list")
    .description("previews, the last changed first, with places and the line")
    .addOption(new Option("--state <state>", "only those in this state").choices(stateSchema.options))
    .option("--user <user>", "only this user's")
    .option("--project <project>", "only this project's")
    .option("--most <count>", "previews a page, 1 to 100", wholeBetween(1, 100))
    .option("--from <place>", "where the page before said that the next one begins")
    .addOption(new Option("--all", "all pages").conflicts(["from", "most"]))
    .action((typed: unknown) => {
      const { state, user, project, most, from, all } = listOptions.parse(typed);
      const query = {
        ...(state === undefined ? {} : { state }),
        ...(user === undefined ? {} : { userId: user }),
        ...(project === undefined ? {} : { projectId: project }),
        ...(most === undefined ? {} : { most }),
        ...(from === undefined ? {} : { from }),
      };
      choose((given) => commands.listCommand(given, query, all === true));
    });
}

const plainCommands = [
  ["show", "how one preview stands", commands.showCommand],
  ["explain", "why it runs, rests or failed, and its history", commands.explainCommand],
  ["open", "opens it as a person would", commands.openCommand],
  ["pause", "brings it to rest, memory kept, also while somebody is there", commands.pauseCommand],
  ["extend", "counts as a sign of life now", commands.extendCommand],
  ["sync", "brings the product's newest files", commands.syncCommand],
] as const;

function onOne(program: Command, choose: Choose): void {
  for (const [name, words, act] of plainCommands) {
    program
      .command(name)
      .description(words)
      .argument("<preview>", TERM)
      .action((term: string) => choose((given) => act(given, term)));
  }
  program
    .command("kill")
    .description("ends its sandbox for good, after saving what can be saved; asks first")
    .argument("<preview>", TERM)
    .option("--yes", "does not ask")
    .action((term: string, typed: unknown) =>
      choose((given) => commands.killCommand(given, term, isYes(typed))),
    );
  program
    .command("adopt")
    .description("takes a sandbox that runs already as this preview's own")
    .argument("<project/user>", "whose it becomes", parseWhose)
    .argument("<sandbox>", "its id")
    .requiredOption("--port <port>", "where its dev server listens", wholeBetween(1, 65_535))
    .action((whose: Whose, sandboxId: string, typed: unknown) => {
      const { port } = z.object({ port: z.number() }).parse(typed);
      choose((given) => commands.adoptCommand(given, whose, { sandboxId, port }));
    });
}

function onAll(program: Command, choose: Choose): void {
  program
    .command("sweep")
    .description("has everything looked at that is due now")
    .action(() => choose(commands.sweepCommand));
  program
    .command("audit")
    .description("compares the provider's sandboxes with Redis, both ways, and mends")
    .option("--dry-run", "only says what it would do")
    .action((typed: unknown) => {
      const { dryRun = false } = z.object({ dryRun: z.boolean().optional() }).parse(typed);
      choose((given) => commands.auditCommand(given, { isDryRun: dryRun }));
    });
  const forget = program
    .command("forget")
    .description("removes sandbox, saves, record and history, of one preview or all of a user; asks first")
    .argument("[preview]", TERM)
    .option("--user <user>", "all of this user's, and what is kept of the user")
    .option("--yes", "does not ask")
    .action((term: string | undefined, typed: unknown) => {
      const { user } = z.object({ user: z.string().optional() }).parse(typed);
      if (term !== undefined && user === undefined) {
        choose((given) => commands.forgetCommand(given, term, isYes(typed)));
      } else if (term === undefined && user !== undefined) {
        choose((given) => commands.forgetUserCommand(given, user, isYes(typed)));
      } else forget.error("error: name either one preview or --user");
    });
}

const wordOptions = z.object({ why: z.string().optional(), by: z.string().optional() });

function switches(program: Command, choose: Choose, userName: string): void {
  const command = program
    .command("switch")
    .description("shows both switches, or turns one: stop-creating, hold-everything")
    .addArgument(new Argument("[name]", "which one").choices(switchNames))
    .addArgument(new Argument("[to]", "on or off").choices(["on", "off"]))
    .option("--why <why>", "shown wherever it is felt; needed to turn it on")
    .option("--by <name>", "who turns it", userName)
    .action((typedName: string | undefined, to: string | undefined, typed: unknown) => {
      if (typedName === undefined) return choose(commands.switchesCommand);
      const name = switchNameSchema.parse(typedName);
      const { why = "", by = userName } = wordOptions.parse(typed);
      if (to === "off") return choose((given) => commands.turnCommand(given, name, { on: false }));
      if (to === undefined) return command.error("error: say on or off");
      if (why.trim() === "") return command.error("error: say why, with --why");
      return choose((given) => commands.turnCommand(given, name, { on: true, by, why }));
    });
}

function users(program: Command, choose: Choose, userName: string): void {
  program
    .command("suspend")
    .description("no opens for this user from now on, and what runs of theirs goes to rest")
    .argument("<user>")
    .requiredOption("--why <why>", "shown to the user")
    .option("--by <name>", "who suspends", userName)
    .action((userId: string, typed: unknown) => {
      const { why = "", by = userName } = wordOptions.parse(typed);
      choose((given) => commands.suspendCommand(given, userId, by, why));
    });
  program
    .command("unsuspend")
    .description("the user may open previews again")
    .argument("<user>")
    .action((userId: string) => choose((given) => commands.unsuspendCommand(given, userId)));
}

const isYes = (typed: unknown): boolean =>
  z.object({ yes: z.boolean().optional() }).parse(typed).yes === true;

const wholeBetween =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };

function parseWhose(text: string): Whose {
  const [whose] = parseFullName(text);
  if (whose) return whose;
  throw new InvalidArgumentError("It is written project/user.");
}
