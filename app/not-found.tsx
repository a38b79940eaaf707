/** Owns the answer to every address that leads nowhere. */
import Link from "next/link";
import { Message } from "./message";

export default function NotFound() {
  return (
    <Message title="There is nothing here">
      <p>The address is mistyped, or what was here is gone.</p>
      <p>
        <Link href="/">All samples</Link>
      </p>
    </Message>
  );
}
