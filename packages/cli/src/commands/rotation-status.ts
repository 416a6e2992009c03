import type { ListSecretsResponse, SecretFacts } from '@keyplane/aws'
import { isEndState } from '@keyplane/rotation'
import type { NotedRecord, NotedRotation } from '@keyplane/store'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { epochMs, minuteOf } from '../rotation/moment.ts'
import { localRotations } from '../rotation/local-rotations.ts'
import { describeSecret, pendingOf, type RotatingStore, withRotatingStore } from '../rotation/rotating-store.ts'
import { stepAfter } from '../rotation/rotation-steps.ts'
import { rotatorName } from '../rotation/rotator-name.ts'
import { printable, table } from '../terminal.ts'

interface Listed extends SecretFacts {
  readonly labels: Readonly<Record<string, readonly string[]>> | undefined
}

/** A secret that is rotated, as it is shown. */
interface Status {
  readonly name: string
  readonly by: string
  readonly enabled: boolean
  readonly schedule?: string
  readonly lastAtMs?: number
  readonly nextAtMs?: number
  /** Absent where nothing is under way; its members where this machine has the store's database. */
  readonly underWay?: {
    readonly state?: string
    readonly next?: string
    readonly sinceMs?: number
    readonly failing?: NotedRecord['failing']
  }
}

/** What is rotated: by what, when, and what is under way. */
export const rotationStatus: Command<DatabaseFlags> = (context, [name], flags) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const rotated = (name === undefined ? await all(store) : [await one(store, name)]).filter(
      ({ RotationLambdaARN }) => RotationLambdaARN !== undefined,
    )
    const noted = await localRotations(context, flags, name === undefined ? undefined : (rotated[0]?.ARN ?? ''))
    const statuses = rotated.map((secret) => statusOf(secret, noted && (noted.get(secret.ARN ?? '') ?? notNoted)))
    if (terminal.json) terminal.data(JSON.stringify(statuses))
    else if (statuses.length > 0) terminal.data(table([headings, ...statuses.map(cells)]))
    else
      terminal.words(
        `${name ?? 'Nothing'} is rotated${name === undefined ? '' : ' by nothing'}; see: keyplane rotate --help`,
      )
    return exitCodes.ok
  })

const one = async (store: RotatingStore, name: string): Promise<Listed> => {
  const { VersionIdsToStages: labels, ...facts } = await describeSecret(store, name)
  return { ...facts, labels }
}

const all = async (store: RotatingStore): Promise<readonly Listed[]> => {
  const found: Listed[] = []
  let token: string | undefined
  do {
    const page: ListSecretsResponse = await store.call('ListSecrets', {
      MaxResults: 100,
      SortBy: 'name',
      SortOrder: 'asc',
      ...(token !== undefined && { NextToken: token }),
    })
    for (const { SecretVersionsToStages: labels, ...facts } of page.SecretList ?? []) found.push({ ...facts, labels })
    token = page.NextToken
  } while (token !== undefined)
  return found
}

const statusOf = (secret: Listed, noted: NotedRotation | undefined): Status => {
  const { Name = '', RotationLambdaARN = '', RotationEnabled = false, RotationRules: rules } = secret
  const { LastRotatedDate: last, NextRotationDate: next } = secret
  const days = rules?.AutomaticallyAfterDays
  const schedule = rules?.ScheduleExpression ?? (days === undefined ? undefined : `rate(${days} days)`)
  const underWay = underWayOf(secret, noted)
  return {
    name: Name,
    by: rotatorName(RotationLambdaARN),
    enabled: RotationEnabled,
    ...(schedule !== undefined && { schedule }),
    ...(last !== undefined && { lastAtMs: epochMs(last) }),
    ...(next !== undefined && { nextAtMs: epochMs(next) }),
    ...(underWay && { underWay }),
  }
}

const notNoted: NotedRotation = { isUnderWay: false }

/** A version that stays pending after the end is one that a person has to look at. A store elsewhere tells its labels. */
const underWayOf = ({ labels }: Listed, noted: NotedRotation | undefined): Status['underWay'] => {
  const pending = pendingOf(labels)
  if (!noted) return pending === undefined ? undefined : {}
  const { isUnderWay, record } = noted
  if (!record) return isUnderWay ? {} : undefined
  const { state, changedAtMs: sinceMs, versionId, failing } = record
  if (!isUnderWay && (state === 'finished' || pending !== versionId)) return undefined
  const next = isEndState(state) ? undefined : stepAfter(state)
  return { state, sinceMs, ...(next !== undefined && { next }), ...(failing && { failing }) }
}

const headings = ['SECRET', 'BY', 'SCHEDULE', 'LAST', 'NEXT', 'UNDER WAY']

const cells = ({ name, by, enabled, schedule = '–', lastAtMs, nextAtMs, underWay }: Status): readonly string[] => [
  printable(name),
  printable(by),
  schedule,
  lastAtMs === undefined ? '–' : minuteOf(lastAtMs),
  enabled ? (nextAtMs === undefined ? '–' : minuteOf(nextAtMs)) : 'paused',
  underWay ? underWayText(underWay) : '–',
]

const underWayText = ({ state, next, sinceMs, failing }: NonNullable<Status['underWay']>): string => {
  if (state === undefined || sinceMs === undefined) return 'yes'
  if (next === undefined) return `${state} since ${minuteOf(sinceMs)}`
  if (!failing) return `step ${next} since ${minuteOf(sinceMs)}`
  const { failures, code, reason = code } = failing
  return `step ${next} failed ${failures} ${failures === 1 ? 'time' : 'times'}, last ${minuteOf(sinceMs)}: ${reason}`
}
