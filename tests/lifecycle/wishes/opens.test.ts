/** What a person expects who opens a preview, when something else happens while it comes. */
import { testWishes } from "./drive";
import { opens } from "./table";

testWishes(opens);
