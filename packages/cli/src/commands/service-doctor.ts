import { examineService, readServiceConfig } from '@keyplane/service'
import type { Command } from '../context.ts'
import { tellFindings } from '../findings.ts'
import { printable } from '../terminal.ts'

interface DoctorFlags {
  readonly config: string
}

/** Looks at what a service needs, and says how to mend what is wrong; secrets by their names alone. */
export const serviceDoctor: Command<DoctorFlags> = async (
  { terminal, env, clock, random },
  _args,
  { config: file },
) => {
  const config = readServiceConfig(file)
  // What a source says beside its answer is a finding already.
  const log = { warn: () => {}, error: () => {} }
  const findings = await examineService(config, { env, clock, random, log })
  const whole = { what: `The configuration ${file} is right`, state: 'ok' as const }
  return tellFindings(
    terminal,
    [whole, ...findings].map((finding) => Object.assign({}, finding, { what: printable(finding.what) })),
  )
}
