import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import type { ExplainedPolicy, Explanation } from '@keyplane/policy'
import { type ExplainedAccess, explainAccess, watchIam } from '@keyplane/store'
import type { Command } from '../context.ts'
import { planeRegion } from '../data-folder/credentials.ts'
import { exitCodes } from '../exit-codes.ts'
import { type DatabaseFlags, existingDatabase } from '../plane/store-database.ts'
import type { Terminal } from '../terminal.ts'

interface PolicyExplainFlags extends DatabaseFlags {
  readonly principal: string
  readonly action: string
  readonly resource?: string
  readonly region?: string
  readonly iam?: string
  readonly resourcePolicy?: string
  readonly context?: readonly string[]
}

/** Why somebody may or may not do something, statement by statement. Nothing is called and nothing changed. */
export const policyExplain: Command<PolicyExplainFlags> = async (context, _args, flags) => {
  const { folder, clock, terminal } = context
  const path = flags.iam ?? folder.iam
  const iam = watchIam({ path, clock, onProblem: () => {} })
  iam.close()
  const explanation = await explainAccess({
    iam: iam.current(),
    database: existingDatabase(context, flags),
    principal: flags.principal,
    action: flags.action,
    ...(flags.resource !== undefined && { resource: flags.resource }),
    region: flags.region ?? planeRegion,
    ...(flags.resourcePolicy !== undefined && { resourcePolicy: readPolicy(flags.resourcePolicy) }),
    conditions: conditionsOf(flags.context ?? []),
    nowMs: clock.nowMs(),
  })
  if (terminal.json) terminal.data(JSON.stringify(explanation))
  else show(explanation, terminal)
  return explanation.decision.allowed ? exitCodes.ok : exitCodes.refused
}

const readPolicy = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new SecretsError('config_invalid', `The resource policy ${path} cannot be read.`, { cause })
  }
}

/** `aws:SourceIp=10.0.0.1`; a key that is there more than once has several values. */
const conditionsOf = (given: readonly string[]): Readonly<Record<string, readonly string[]>> => {
  const conditions: Record<string, string[]> = {}
  for (const one of given) {
    const equals = one.indexOf('=')
    if (equals < 1) throw new SecretsError('config_invalid', `--context ${one}: write KEY=VALUE.`)
    ;(conditions[one.slice(0, equals)] ??= []).push(one.slice(equals + 1))
  }
  return conditions
}

const show = ({ key, notAsked, ...explanation }: ExplainedAccess, { data, style }: Terminal): void => {
  const verdict = ({ decision, rule }: Explanation): string =>
    decision.allowed ? `${style('green', '✓')} allowed: ${rule}` : `${style('red', '✗')} denied: ${rule}`
  data(verdict(explanation))
  if (explanation.message !== undefined) data(`  ${explanation.message}`)
  if (notAsked !== undefined) data(`  The KMS key was not asked: explain ${notAsked} with the key as --resource, too.`)
  const tell = (policies: Explanation['policies']): void => policies.flatMap(linesOf).forEach((line) => data(line))
  tell(explanation.policies)
  if (!key) return
  data('')
  data(`kms:Decrypt with the secret's KMS key: ${verdict(key)}`)
  tell(key.policies)
}

const linesOf = ({ type, name, statements }: ExplainedPolicy): string[] => [
  '',
  `${type} policy ${name}`,
  ...statements.flatMap(({ index, sid, effect, reach, misses }) => [
    `  ${sid ?? `statement ${index + 1}`}: ${reach === 'none' ? `${effect} does not match` : `${effect} matches${reach === 'account' ? ' (it leaves it to the account)' : ''}`}`,
    ...misses.map(({ text }) => `    ${text}`),
  ]),
]
