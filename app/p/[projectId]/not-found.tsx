/** Owns the answer to an id that no project has. */
import Link from "next/link";
import { Message } from "@/app/message";

export default function ProjectNotFound() {
  return (
    <Message title="No such project">
      <p>The project was deleted, or the address is mistyped.</p>
      <p>
        <Link href="/">All samples</Link>
      </p>
    </Message>
  );
}
