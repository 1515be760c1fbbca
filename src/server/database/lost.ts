/** Whether a query failed because the database was away: then the same query may work in a moment. */

/** SQLSTATE classes: connection (08), shut down or starting (57P0x), too many connections (53300). */
const states = /^(?:08...|57P0[1-5]|53300)$/;
const system = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** What `pg` says without a code. */
const words =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/i;

export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return states.test(code) || system.has(code) || words.test(error.message);
}
