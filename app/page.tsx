/**
 * Owns the list of samples: every project of the folder with how its preview stands. Reading a state changes nothing.
 * A state store that does not answer costs only the states; an app that cannot be built says what is missing.
 */
import Link from "next/link";
import type { PreviewView } from "@/lib";
import { RekindleError } from "@/lib/errors";
import { stateWord } from "@/lib/react/words";
import type { FleetState } from "@/lib/store/fleet";
import { localUser } from "./authorize";
import { Message } from "./message";
import { listProjects, type Project } from "./projects";
import { type App, theApp } from "./rekindle";
import { SetupProblem, setupMessage } from "./setup-problem";
import { SwitchNotices } from "./switch-notices";

/** States and folders are of this moment, and a build has neither. */
export const dynamic = "force-dynamic";

export default async function SamplesPage() {
  const samples = await loadSamples();
  if (samples.kind === "setup-problem") return <SetupProblem message={samples.message} />;
  if (samples.list.length === 0) {
    return (
      <Message title="No projects yet">
        <p>Each folder inside the projects folder is a project. Put one there and load this page again.</p>
      </Message>
    );
  }
  return (
    <main className="page">
      <h1>Rekindle</h1>
      <p className="lead">
        Live previews that persist. Open one, use it, leave: it goes to rest with its memory kept. Come back,
        and the same process goes on where it stood still.
      </p>
      <SwitchNotices fleet={samples.fleet} />
      {samples.trouble ? (
        <p className="page-notice" role="status">
          How they stand is not known: {samples.trouble}
        </p>
      ) : null}
      <ul className="samples">
        {samples.list.map(({ project, view }) => (
          <li key={project.id} className="sample">
            <Link href={`/p/${project.id}`} className="sample-link">
              {project.name}
            </Link>
            {view ? (
              <span className="preview-state" data-state={view.state}>
                {stateWord(view)}
              </span>
            ) : null}
            {project.description ? <p>{project.description}</p> : null}
          </li>
        ))}
      </ul>
    </main>
  );
}

interface Sample {
  readonly project: Project;
  readonly view?: PreviewView;
}

type Samples =
  | {
      readonly kind: "samples";
      readonly list: readonly Sample[];
      readonly trouble?: string;
      readonly fleet?: FleetState;
    }
  | { readonly kind: "setup-problem"; readonly message: string };

async function loadSamples(): Promise<Samples> {
  try {
    const app = theApp();
    return await withStates(app, await listProjects(app.projectsFolder));
  } catch (error) {
    return { kind: "setup-problem", message: setupMessage(error) };
  }
}

async function withStates({ rekindle }: App, projects: readonly Project[]): Promise<Samples> {
  try {
    const [fleet, ...list] = await Promise.all([
      rekindle.operator.fleet(),
      ...projects.map(async (project) => ({
        project,
        view: await rekindle.status({ projectId: project.id, userId: localUser }),
      })),
    ]);
    return { kind: "samples", list, fleet };
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error;
    return { kind: "samples", list: projects.map((project) => ({ project })), trouble: error.message };
  }
}
