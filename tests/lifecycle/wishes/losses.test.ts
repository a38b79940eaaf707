/** What a person expects of a preview whose sandbox is taken away, when something else happens meanwhile. */
import { testWishes } from "./drive";
import { losses } from "./table";

testWishes(losses);
