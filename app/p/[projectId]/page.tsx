/**
 * Owns the page of one preview. It only checks that there is such a project; how the preview stands is asked by the
 * pane, so that rendering on the server never opens or keeps anything.
 */
import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { agentProjectId, localToolNames } from "@/app/local-tool-names";
import { findProject, type Project } from "@/app/projects";
import { theApp } from "@/app/rekindle";
import { SetupProblem, setupMessage } from "@/app/setup-problem";
import { Preview } from "@/lib/react/preview";
import { LocalToolsPanel } from "./local-tools-panel";

export const dynamic = "force-dynamic";

interface PageProps {
  readonly params: Promise<{ readonly projectId: string }>;
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const found = await find((await params).projectId);
  return found.kind === "project" ? { title: found.project.name } : {};
}

export default async function PreviewPage({ params }: PageProps) {
  const found = await find((await params).projectId);
  switch (found.kind) {
    case "project":
      return (
        <main className="full">
          <Preview
            projectId={found.project.id}
            name={found.project.name}
            wayBack={
              <Link href="/" className="way-back">
                All samples
              </Link>
            }
          />
          {found.hasLocalTools ? (
            <LocalToolsPanel projectId={found.project.id} tools={toolsFor(found.project)} />
          ) : null}
        </main>
      );
    case "unknown":
      return notFound();
    case "setup-problem":
      return <SetupProblem message={found.message} />;
  }
}

/** The sample agent knows one page. */
const toolsFor = ({ id }: Project) =>
  localToolNames.filter((tool) => tool !== "agent" || id === agentProjectId);

type Found =
  | { readonly kind: "project"; readonly project: Project; readonly hasLocalTools: boolean }
  | { readonly kind: "unknown" }
  | { readonly kind: "setup-problem"; readonly message: string };

async function find(projectId: string): Promise<Found> {
  try {
    const { projectsFolder, localTools } = theApp();
    const project = await findProject(projectsFolder, projectId);
    return project
      ? { kind: "project", project, hasLocalTools: localTools !== undefined }
      : { kind: "unknown" };
  } catch (error) {
    return { kind: "setup-problem", message: setupMessage(error) };
  }
}
