/** Why a preview is as it is, and what happened to it; a GET changes nothing. */
import { previewRoute } from "@/app/preview-route";

export const GET = previewRoute("history");
