/** Owns the list of all scenarios. One that is not here is not compared. */
import type { Scenario } from "../scenario";
import { cancelScenarios } from "./cancel-on";
import { debounceScenarios } from "./debounce";
import { failureScenarios } from "./failures";
import { flowScenarios } from "./flow-control";
import { startScenarios } from "./starts";
import { stepScenarios } from "./steps";
import { waitScenarios } from "./waits";

export const scenarios: readonly Scenario[] = [
  ...startScenarios,
  ...debounceScenarios,
  ...flowScenarios,
  ...cancelScenarios,
  ...stepScenarios,
  ...waitScenarios,
  ...failureScenarios,
];
