import { existsSync } from 'node:fs'
import type { DescribeSecretResponse } from '@keyplane/aws'
import { type NotedRotation, notedRotations, type StoreDatabase } from '@keyplane/store'
import type { Context } from '../context.ts'
import { type DatabaseFlags, storeDatabase } from '../plane/store-database.ts'
import { namesProvider } from '../secret-source.ts'
import { pendingOf } from './rotating-store.ts'

/** The database of the store that is asked; nothing where it is not on this machine. */
export const localDatabase = (context: Context, flags: DatabaseFlags): StoreDatabase | undefined => {
  if (namesProvider(context.env) || !context.folder.exists) return undefined
  const database = storeDatabase(context, flags)
  return database.databasePath === undefined || existsSync(database.databasePath) ? database : undefined
}

/** What the store has noted of rotations, of one secret's or of all; nothing where its database is not on this machine. */
export const localRotations = async (
  context: Context,
  flags: DatabaseFlags,
  arn?: string,
): Promise<ReadonlyMap<string, NotedRotation> | undefined> => {
  const database = localDatabase(context, flags)
  return database && notedRotations(database, arn)
}

/** Whether a secret is being rotated. A store elsewhere says no more of that than where AWSPENDING is. */
export const isUnderWay = async (
  context: Context,
  flags: DatabaseFlags,
  { ARN = '', VersionIdsToStages }: DescribeSecretResponse,
): Promise<boolean> => {
  const noted = await localRotations(context, flags, ARN)
  return noted ? (noted.get(ARN)?.isUnderWay ?? false) : pendingOf(VersionIdsToStages) !== undefined
}
