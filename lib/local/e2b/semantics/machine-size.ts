/** Owns the size that every sandbox says it has: that of E2B's base template. A local one has what the machine has. */
export const CPU_COUNT = 2;
export const MEMORY_MB = 512;
export const DISK_SIZE_MB = 1024;
