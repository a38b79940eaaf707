/** A sign of life of one viewer. */
import { previewRoute } from "@/app/preview-route";

export const POST = previewRoute("beat");
