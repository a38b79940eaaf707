/** What a person expects of a preview that is about to rest, when something else happens meanwhile. */
import { testWishes } from "./drive";
import { partings } from "./table";

testWishes(partings);
