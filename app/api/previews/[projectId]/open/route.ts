/** A person wants to see a preview. */
import { previewRoute } from "@/app/preview-route";

/** Seconds; a resume is done while the call waits, within its own smaller budget. */
export const maxDuration = 30;

export const POST = previewRoute("open");
