/** A viewer closed a preview. */
import { previewRoute } from "@/app/preview-route";

export const POST = previewRoute("leave");
