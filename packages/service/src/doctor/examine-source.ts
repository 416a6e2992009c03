import { type Clock, type Outcome, type SecretProvider, SecretsError, toSecretsError } from '@keyplane/core'
import { withinLimits } from '@keyplane/http'
import { isAbsence } from '@keyplane/secrets'
import { atMost } from '../tools/at-most.ts'
import type { Finding } from './finding.ts'

export interface SourceExamination {
  /** What the source is called in findings. */
  readonly place: string
  readonly source: SecretProvider
  /** What people call the secrets, `tool.secret`, by the ids by which the source knows them. */
  readonly secrets: ReadonlyMap<string, string>
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
  const what = `${place} answers, and gives ${secrets.size - failed.length} of ${secrets.size} secrets`
  const isUnasked = broken.length > 0 && broken.length === secrets.size
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
  await atMost(readsAtOnce, [...secrets], async ([id, name]) => {
    // What does not answer for one is not asked for a thousand.
    if (failed.some(({ error }) => isAboutSource(error))) return
    const outcome = await readOnce(source, id, clock)
    if (!outcome.ok) failed.push({ name, error: outcome.error })
  })
  return failed
}

const readOnce = async (source: SecretProvider, id: string, clock: Clock): Promise<Outcome<true>> => {
  const late = (): SecretsError => new SecretsError('timeout', `It did not answer within ${readMs} ms.`)
  try {
    await withinLimits({ clock, timeoutMs: readMs, signals: [], late }, (signal) => source.get({ id }, { signal }))
    return { ok: true, value: true }
  } catch (thrown) {
    return { ok: false, error: toSecretsError(thrown) }
  }
}
