import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EndedRotation } from '@keyplane/rotation'
import { FileVersions } from '../../test/real/rotation/file-versions.ts'
import type { Kind } from '../../test/real/rotation/rotated-user.ts'

/** Secrets of which each process rotates every one, and dies with all of them, in one folder: what each process that has to do with them needs to know. */
export interface Batch {
  readonly kind: Kind
  readonly secretIds: readonly string[]
  /** The superuser's login. */
  readonly admin: string
}

/** What the process that rotates says. */
export type Said =
  | {
      readonly what: 'ended'
      readonly secretId: string
      readonly state: EndedRotation['state']
      readonly version: string
    }
  | { readonly what: 'held' | 'let go' | 'went on'; readonly secretId: string }

/** What it is told: to begin the next rotations; to let some of them go on, each after a while. */
export type Told = 'begin' | { readonly delaysMs: Readonly<Record<string, number>> }

const pathOf = (folder: string): string => join(folder, 'batch.json')

export const writeBatch = (folder: string, batch: Batch): void => writeFileSync(pathOf(folder), JSON.stringify(batch))

export const readBatch = (folder: string): Batch => JSON.parse(readFileSync(pathOf(folder), 'utf8')) as Batch

/** The rotations' journal, and what their consumers tell. */
export const journalPathOf = (folder: string): string => join(folder, 'rotation.db')

/** What readers are given of one of them. */
export const versionsOf = (folder: string, secretId: string): FileVersions =>
  new FileVersions(join(folder, `${secretId}.db`))
