/** How a preview stands; a GET changes nothing. */
import { previewRoute } from "@/app/preview-route";

export const GET = previewRoute("status");
