/** The command line itself can't be right; nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
