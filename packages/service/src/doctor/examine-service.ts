import { toSecretsError } from '@keyplane/core'
import { webhookSettings } from '../alerts/webhook-settings.ts'
import type { EnvironmentConfig, ServiceConfig } from '../config/service-config.ts'
import { type EnvironmentParts, openEnvironment } from '../environments/open-environment.ts'
import { stateSettings } from '../state/state-settings.ts'
import { cacheRootKey } from '../shared-cache/cache-root-key.ts'
import { cacheSettings } from '../shared-cache/cache-settings.ts'
import { isLasting } from '../tools/is-lasting.ts'
import { examineAddress } from './examine-address.ts'
import { examineTls, missingFiles } from './examine-files.ts'
import { type ExaminedSource, examineSource, listed, type WantedSecret } from './examine-source.ts'
import type { Finding } from './finding.ts'

/** Looks at everything that a service with this configuration needs, one after the other; changes nothing. */
export const examineService = async (config: ServiceConfig, parts: EnvironmentParts): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const environment of config.environments.values())
    findings.push(...missingFiles(environment), ...(await examineEnvironment(environment, parts)))
  const { tls } = config.listen
  if (tls) findings.push(examineTls(tls, parts.clock.nowMs()))
  for (const examine of [redis, database, webhook]) findings.push(...(await attempted(() => examine(config, parts))))
  return findings
}

/** What can't even be tried is a finding too. */
const attempted = async (examine: () => Promise<Finding[]>): Promise<Finding[]> => {
  try {
    return await examine()
  } catch (thrown) {
    const problems = toSecretsError(thrown).message.split('\n')
    return problems.map((what) => ({ what, state: 'problem', mend: 'Mend what it names.' }))
  }
}

const examineEnvironment = (config: EnvironmentConfig, parts: EnvironmentParts): Promise<Finding[]> =>
  attempted(async () => {
    const opened = await openEnvironment({ ...config, cache: 'none', pollIntervalMs: 0 }, parts)
    const { name: environment, tools } = config
    const wanted = [...tools].flatMap(([tool, { secrets }]) =>
      [...secrets].flatMap(([name, secret]) => (isLasting(secret) ? [{ ...secret, name: `${tool}.${name}` }] : [])),
    )
    try {
      const examined: ExaminedSource[] = []
      for (const [index, source] of opened.sources.entries()) {
        const place = `${environment} · ${source.name}${index > 0 ? ' (fallback)' : ''}`
        examined.push(await examineSource({ place, source, secrets: wanted, clock: parts.clock }))
      }
      const nowhere = wanted.filter(({ name }) => examined.every(({ missing }) => missing.includes(name)))
      const findings = examined.flatMap((each) => each.findings)
      return nowhere.length === 0 ? findings : [...findings, lacking(environment, nowhere)]
    } finally {
      await opened.secrets.close()
    }
  })

const lacking = (environment: string, secrets: readonly WantedSecret[]): Finding => ({
  what: `${environment}: no source has ${listed(secrets)}`,
  state: 'problem',
  mend: 'Write them there, or take them out of the configuration.',
})

const redis = async (config: ServiceConfig, parts: EnvironmentParts): Promise<Finding[]> => {
  const isUsed = [...config.environments.values()].some(({ cache }) => cache === 'redis')
  if (!isUsed) return []
  const { redis: settings, cacheKey } = cacheSettings(config, parts.env)
  const problems = await attempted(async () => {
    await cacheRootKey(cacheKey, parts)
    return []
  })
  return [await examineAddress('Redis', settings.url, 6_379), ...problems]
}

const database = async (config: ServiceConfig, { env }: EnvironmentParts): Promise<Finding[]> => {
  const { url } = stateSettings({ config, env, file: '' }).database
  return url === undefined ? [] : [await examineAddress('PostgreSQL', url, 5_432)]
}

const webhook = async ({ alerts }: ServiceConfig): Promise<Finding[]> => {
  if (!alerts.webhook) return []
  const url = webhookSettings(alerts.webhook).url()
  return [await examineAddress('The webhook of alerts', url, new URL(url).protocol === 'http:' ? 80 : 443)]
}
