/**
 * The main job as a person sees it: the launcher of `npm run dev`, the real pages in a real Chromium, and a preview
 * that is left and comes back with the same process. Only the policy's times are scaled.
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PaneView, parsePaneView } from "@/lib/react/pane-view";
import { findBackends } from "../support/backends";
import { type LaunchedApp, launchApp } from "./launched-app";
import { type Project, packageJson, workingProject, writeProject } from "./written-projects";

const backends = await findBackends();
