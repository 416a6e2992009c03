import type { ListSecretsResponse, SecretFacts } from '@keyplane/aws'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { DatabaseFlags } from '../plane/store-database.ts'
import { epochMs, minuteOf } from '../rotation/moment.ts'
import { describeSecret, pendingOf, type RotatingStore, withRotatingStore } from '../rotation/rotating-store.ts'
import { lastSteps, type NotedStep, stepAfter } from '../rotation/rotation-steps.ts'
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
  /** Absent where nothing is under way; its members where this machine has the store's audit log. */
  readonly underWay?: { readonly state?: string; readonly next?: string; readonly sinceMs?: number }
}

/** What is rotated: by what, when, and what is under way. */
export const rotationStatus: Command<DatabaseFlags> = (context, [name], flags) =>
  withRotatingStore(context, async (store) => {
    const { terminal } = context
    const rotated = (name === undefined ? await all(store) : [await one(store, name)]).filter(
      ({ RotationLambdaARN }) => RotationLambdaARN !== undefined,
    )
    const isAnyPending = rotated.some(({ labels }) => pendingOf(labels))
    const steps = isAnyPending ? await lastSteps(context, flags) : undefined
    const statuses = rotated.map((secret) => statusOf(secret, steps?.get(secret.ARN ?? '')))
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

const statusOf = (secret: Listed, step: NotedStep | undefined): Status => {
  const { Name = '', RotationLambdaARN = '', RotationEnabled = false, RotationRules: rules } = secret
  const { LastRotatedDate: last, NextRotationDate: next } = secret
  const days = rules?.AutomaticallyAfterDays
  const schedule = rules?.ScheduleExpression ?? (days === undefined ? undefined : `rate(${days} days)`)
  const then = step && stepAfter(step.state)
  const underWay = step ? { state: step.state, sinceMs: step.atMs, ...(then && { next: then }) } : {}
  return {
    name: Name,
    by: rotatorName(RotationLambdaARN),
    enabled: RotationEnabled,
    ...(schedule !== undefined && { schedule }),
    ...(last !== undefined && { lastAtMs: epochMs(last) }),
    ...(next !== undefined && { nextAtMs: epochMs(next) }),
    ...(pendingOf(secret.labels) && { underWay }),
  }
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

/** A version that stays pending after the end is one that a person has to look at. */
const underWayText = ({ state, next, sinceMs }: NonNullable<Status['underWay']>): string => {
  if (state === undefined || sinceMs === undefined) return 'yes'
  return next === undefined ? `${state} since ${minuteOf(sinceMs)}` : `step ${next} since ${minuteOf(sinceMs)}`
}
