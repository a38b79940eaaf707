/** What a person expects of a preview in use, when something else happens to it. */
import { testWishes } from "./drive";
import { uses } from "./table";

testWishes(uses);
