/** to come */
import type { RunningDomain } from './domain.js';
export async function verifyDomain(domain: RunningDomain): Promise<unknown> {
  return domain.baseText;
}
