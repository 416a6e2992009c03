import { stat } from 'node:fs/promises'
import type { StoreDatabase } from './store-database.ts'

/**
 * Tells from here on whether a database's path still leads to the file that it leads to at this moment: one that was
 * removed or replaced takes writes as long as it is open, and they are lost with it. A server answers for itself.
 */
export const stillSameFile = async ({ databasePath: path }: StoreDatabase): Promise<() => Promise<boolean>> => {
  if (path === undefined) return async () => true
  const own = await identityOf(path)
  return async () => (await identityOf(path)) === own
}

const identityOf = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    ({ dev, ino }) => `${dev}/${ino}`,
    () => 'absent',
  )
