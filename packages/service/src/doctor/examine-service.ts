import { readFileSync } from 'node:fs'
import { toSecretsError } from '@keyplane/core'
import type { EnvironmentConfig, ServiceConfig } from '../config/service-config.ts'
import { type EnvironmentParts, openEnvironment } from '../environments/open-environment.ts'
import { stateSettings } from '../state/state-settings.ts'
import { cacheSettings } from '../shared-cache/cache-settings.ts'
import { isLasting } from '../tools/is-lasting.ts'
import { examineAddress } from './examine-address.ts'
import { examineTls, missingFiles } from './examine-files.ts'
import { type ExaminedSource, examineSource, listed } from './examine-source.ts'
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
    return [{ what: toSecretsError(thrown).message, state: 'problem', mend: 'Mend what it names.' }]
  }
}

const examineEnvironment = (config: EnvironmentConfig, parts: EnvironmentParts): Promise<Finding[]> =>
  attempted(async () => {
    const opened = await openEnvironment({ ...config, cache: 'none', pollIntervalMs: 0 }, parts)
    const { name: environment, tools } = config
    const wanted = [...tools].flatMap(([tool, { secrets }]) =>
      [...secrets].flatMap(([name, secret]): [string, string][] =>
        isLasting(secret) ? [[secret.ref, `${tool}.${name}`]] : [],
      ),
    )
    try {
      const secrets = new Map(wanted)
      const examined: ExaminedSource[] = []
      for (const [index, source] of opened.sources.entries()) {
        const place = `${environment} · ${source.name}${index > 0 ? ' (fallback)' : ''}`
        examined.push(await examineSource({ place, source, secrets, clock: parts.clock }))
      }
      const nowhere = [...secrets.values()].filter((name) => examined.every(({ missing }) => missing.includes(name)))
      const findings = examined.flatMap((each) => each.findings)
      return nowhere.length === 0 ? findings : [...findings, lacking(environment, nowhere)]
    } finally {
      await opened.secrets.close()
    }
  })

const lacking = (environment: string, names: readonly string[]): Finding => ({
  what: `${environment}: no source has ${listed(names.map((name) => ({ name })))}`,
  state: 'problem',
  mend: 'Write them there, or take them out of the configuration.',
})

const redis = async (config: ServiceConfig, { env }: EnvironmentParts): Promise<Finding[]> => {
  const isUsed = [...config.environments.values()].some(({ cache }) => cache === 'redis')
  return isUsed ? [await examineAddress('Redis', cacheSettings(config, env).redis.url, 6_379)] : []
}

const database = async (config: ServiceConfig, { env }: EnvironmentParts): Promise<Finding[]> => {
  const { url } = stateSettings({ config, env, file: '' }).database
  return url === undefined ? [] : [await examineAddress('PostgreSQL', url, 5_432)]
}

const webhook = async ({ alerts }: ServiceConfig): Promise<Finding[]> => {
  if (!alerts.webhook) return []
  const { url = '', urlFile } = alerts.webhook
  const text = urlFile === undefined ? url : readFileSync(urlFile, 'utf8').trim()
  return [await examineAddress('The webhook of alerts', text, 443)]
}
