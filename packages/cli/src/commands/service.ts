import { isDeepStrictEqual } from 'node:util'
import type { AuditSink } from '@keyplane/core'
import {
  type ConfigTexts,
  followConfig,
  openState,
  parseServiceConfig,
  readConfigTexts,
  type RunningService,
  type ServiceConfig,
  startService,
  stateName,
  stateSettings,
} from '@keyplane/service'
import { AgentAuditFile } from '../agent-audit/agent-audit-file.ts'
import { batchedSink } from '../agent-audit/batched-sink.ts'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { givingMemoryBackAtRest } from '../memory-at-rest.ts'
import { warmedLine } from '../service/warmed-line.ts'
import { printable, type Terminal } from '../terminal.ts'

interface ServiceFlags {
  readonly config: string
}

/** The configuration service, until it is told to end. */
export const service: Command<ServiceFlags> = async (context, _args, { config: file }) => {
  const ended = context.untilEnded()
  const { terminal, env, clock, random, folder } = context
  const texts = readConfigTexts(file)
  const config = parseServiceConfig(...texts)
  const { database, keepsAudit, auditKey } = stateSettings({ config, env, file: folder.serviceState })
  const log = { warn: terminal.warn, error: terminal.warn }
  const state = await openState(database, { clock, random, auditKey })
  const audit = keepsAudit ? state.log : openAudit(context)
  try {
    const running = await startService({ config, audit, state, env, clock, random, log })
    try {
      tell(terminal, running)
      void running.warmed.then((warmed) => tellWarmed(terminal, warmed))
      terminal.words(`Who was given what: ${keepsAudit ? stateName(database) : folder.serviceAudit}`)
      const memory = givingMemoryBackAtRest({ clock })
      const unfollow = followAccess(file, { texts, config }, running, context)
      await ended
      unfollow()
      memory.cancel()
    } finally {
      await running.close()
    }
  } finally {
    await audit.close?.()
    await state.close()
  }
  return exitCodes.ok
}

/** Clients and roles hold as soon as the file says so; what else is changed has to wait, which is told. */
const followAccess = (
  file: string,
  { texts, config }: { readonly texts: ConfigTexts; readonly config: ServiceConfig },
  running: RunningService,
  { clock, terminal }: Context,
): (() => void) => {
  const { clients: _clients, roles: _roles, ...started } = config
  let used = config
  return followConfig(file, texts, {
    clock,
    use: (now) => {
      if (isDeepStrictEqual(now, used)) return
      used = now
      const { clients, roles, ...rest } = now
      void running.useAccess({ clients, roles })
      const more = isDeepStrictEqual(rest, started) ? '' : ' What else is changed holds from the next start.'
      terminal.words(`Clients and roles are those of ${file} from here on.${more}`)
    },
    warn: (message) => terminal.warn(message),
  })
}

const openAudit = ({ clock, random, folder }: Context): AuditSink =>
  batchedSink(new AgentAuditFile(folder.serviceAudit, { clock, random, keeper: 'service' }))

/** Which source each environment has, as nobody should have to guess. */
const tell = (terminal: Terminal, { url, sources }: RunningService): void => {
  if (terminal.json)
    return terminal.data(JSON.stringify({ serviceUrl: url, environments: Object.fromEntries(sources) }))
  const environments = [...sources].map(([name, names]) => `${name}: ${names.join(', then ')}`)
  terminal.data(`Keyplane service listening on ${url} · ${environments.join(' · ')}`)
}

/** Where each secret came from; by names alone. */
const tellWarmed = (terminal: Terminal, warmed: Awaited<RunningService['warmed']>): void => {
  for (const [environment, secrets] of warmed)
    if (terminal.json) terminal.event({ warmed: { environment, secrets } })
    else if (secrets.length > 0) terminal.words(printable(warmedLine(environment, secrets)))
}
