/**
 * Owns one cost that no test is about: Inngest's SDK copies the environment several times in every call, and reading
 * Node's own object goes through the operating system each time, which took a tenth to a sixth of a simulated test.
 * From here on the process has an ordinary object. It must never be loaded where `vi.stubEnv` is used: that goes on
 * writing to Node's own. Cannot fail.
 */
process.env = { ...process.env };
