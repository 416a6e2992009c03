import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { EnvironmentConfig, TlsConfig } from '../config/service-config.ts'
import { readTlsFiles } from '../listen/tls-files.ts'
import type { Finding } from './finding.ts'

const day = 86_400_000
const soonMs = 14 * day

/** Whether the files of the listener can be used, and for how long. */
export const examineTls = (tls: TlsConfig, nowMs: number): Finding => {
  try {
    const endMs = Date.parse(new X509Certificate(readTlsFiles(tls).cert).validTo)
    const until = new Date(endMs).toISOString().slice(0, 10)
    const mend = 'Put a new certificate and its key in place: they are followed.'
    if (endMs <= nowMs)
      return { what: `The certificate ${tls.certificate} is over since ${until}`, state: 'problem', mend }
    const what = `The certificate ${tls.certificate} is good until ${until}`
    return endMs - nowMs < soonMs ? { what, state: 'note', mend } : { what, state: 'ok' }
  } catch (thrown) {
    return { what: (thrown as Error).message, state: 'problem', mend: 'Look at listen.tls.' }
  }
}

/** Dotenv files and folders that sources name and that are not there: they would pass for having no secret. */
export const missingFiles = ({ name, sources }: EnvironmentConfig): Finding[] =>
  sources.flatMap((source) => {
    const path = source.kind === 'env' ? source.file : source.kind === 'file' ? source.folder : undefined
    if (path === undefined || existsSync(path)) return []
    return [
      {
        what: `${name}: ${path} is not there`,
        state: 'problem' as const,
        mend: 'Make it, or take it out of the configuration.',
      },
    ]
  })
