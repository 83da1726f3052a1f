/**
 * Processor time of this process, for claims that hostile input costs little: what it costs does not depend on what else the machine does, as time on the wall does. Owns no
 * claims; bounds are far above what is measured, and far below what work that grows with the square of the input takes.
 */

/** Milliseconds of processor time that `work` took, all threads of the process counted. */
export function processorMs(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}
