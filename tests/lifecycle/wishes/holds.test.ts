/** What an agent and a person expect of a preview that is held, when something else happens meanwhile. */
import { testWishes } from "./drive";
import { holds } from "./table";

testWishes(holds);
