import {
  type Clock,
  type Outcome,
  type SecretProvider,
  SecretsError,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import { isAbsence } from '@keyplane/secrets'
import type { SecretConfig } from '../config/service-config.ts'
import { atMost } from '../tools/at-most.ts'
import { wantedValue } from '../tools/tool-configuration.ts'
import type { Finding } from './finding.ts'

/** A secret that a tool wants of the source. */
export interface WantedSecret extends Pick<SecretConfig, 'ref' | 'jsonKey'> {
  /** `tool.secret`. */
  readonly name: string
}

export interface SourceExamination {
  /** What the source is called in findings. */
  readonly place: string
  readonly source: SecretProvider
  readonly secrets: readonly WantedSecret[]
  readonly clock: Clock
}

export interface ExaminedSource {
  readonly findings: readonly Finding[]
  /** Those that it does not have, by name. */
  readonly missing: readonly string[]
}

interface Failed {
  readonly name: string
  readonly error: SecretsError
}

const readMs = 3_000
const readsAtOnce = 8
const maxNamed = 10

/** Reads each secret once, past every cache; its value goes nowhere. Absent, refused and not to be had are told apart. */
export const examineSource = async (examination: SourceExamination): Promise<ExaminedSource> => {
  const { place, secrets } = examination
  const failed = await failedReads(examination)
  const whole = failed.find(({ error }) => isAboutSource(error))
  if (whole) return { findings: [aboutSource(place, whole.error)], missing: [] }
  const of = (isOf: (error: SecretsError) => boolean): Failed[] => failed.filter(({ error }) => isOf(error))
  const [missing, refused] = [of(isAbsence), of(isDenied)]
  const broken = of((error) => !isAbsence(error) && !isDenied(error))
  const what = `${place} answers, and gives ${secrets.length - failed.length} of ${secrets.length} secrets`
  const isUnasked = broken.length > 0 && broken.length === secrets.length
  const findings: Finding[] = isUnasked ? [] : [{ what, state: 'ok' }]
  if (missing.length > 0) findings.push({ what: `${place} has no ${listed(missing)}`, state: 'note' })
  if (refused.length > 0)
    findings.push({
      what: `${place} refuses ${listed(refused)}`,
      state: 'problem',
      mend: 'Its login has to be allowed to read them.',
    })
  for (const message of new Set(broken.map(({ error }) => error.message))) {
    const those = broken.filter(({ error }) => error.message === message)
    findings.push({ what: `${place} can't give ${listed(those)}: ${message}`, state: 'problem' })
  }
  return { findings, missing: missing.map(({ name }) => name) }
}

/** Names for a finding, ten at most. */
export const listed = (of: readonly { readonly name: string }[]): string => {
  const names = of.slice(0, maxNamed).map(({ name }) => name)
  return [...names, ...(of.length > maxNamed ? [`${of.length - maxNamed} more`] : [])].join(', ')
}

const isDenied = ({ code }: SecretsError): boolean => code === 'access_denied'

/** What would fail for every other secret in the same way. */
const isAboutSource = ({ code }: SecretsError): boolean => ['unavailable', 'timeout', 'unauthenticated'].includes(code)

const aboutSource = (place: string, { code, message }: SecretsError): Finding =>
  code === 'unauthenticated'
    ? { what: `${place} refuses the login: ${message}`, state: 'problem', mend: "Look at the environment's variables." }
    : {
        what: `${place} does not answer: ${message}`,
        state: 'problem',
        mend: 'Look whether it runs, and whether its address is right.',
      }

const failedReads = async ({ source, secrets, clock }: SourceExamination): Promise<Failed[]> => {
  const failed: Failed[] = []
  const wanted = new Map<string, WantedSecret[]>()
  for (const secret of secrets) wanted.set(secret.ref, [...(wanted.get(secret.ref) ?? []), secret])
  await atMost(readsAtOnce, [...wanted], async ([ref, of]) => {
    // What does not answer for one is not asked for a thousand.
    if (failed.some(({ error }) => isAboutSource(error))) return
    const outcome = await readOnce(source, ref, clock)
    for (const { name, jsonKey } of of) {
      const error = outcome.ok ? whyNot({ version: outcome.value, source: source.name }, jsonKey) : outcome.error
      if (error) failed.push({ name, error })
    }
  })
  return failed
}

const readOnce = async (source: SecretProvider, id: string, clock: Clock): Promise<Outcome<SecretVersion>> => {
  const late = (): SecretsError => new SecretsError('timeout', `It did not answer within ${readMs} ms.`)
  const limits = { clock, timeoutMs: readMs, signals: [], late }
  try {
    return { ok: true, value: await withinLimits(limits, (signal) => source.get({ id }, { signal })) }
  } catch (thrown) {
    return { ok: false, error: toSecretsError(thrown) }
  }
}

/** Why what is wanted of a secret that is there is not to be had, if it is not. */
const whyNot = (...given: Parameters<typeof wantedValue>): SecretsError | undefined => {
  try {
    wantedValue(...given)
    return undefined
  } catch (thrown) {
    return toSecretsError(thrown)
  }
}
