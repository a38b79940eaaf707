/** @type {import("next").NextConfig} */
const config = {
  // Next serves its development files only to hosts it knows; a preview is opened at the sandbox's own host name.
  allowedDevOrigins: ["*.e2b.localhost", "*.e2b.app"],
  // Said outright: guessed, the root would be the outermost folder with a lockfile, which may be outside the project.
  turbopack: { root: import.meta.dirname },
};

export default config;
