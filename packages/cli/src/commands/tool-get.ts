import { parseToolConfiguration, type ToolConfiguration, toolConfigurationTarget } from '@keyplane/protocol'
import type { Command } from '../context.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { askService, type ServiceFlags } from '../login/ask-service.ts'
import { printable, table, type Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface ToolGetFlags extends ServiceFlags {
  readonly show?: boolean
}

/** `keyplane tool get ENVIRONMENT/TOOL`: a tool's configuration; values only with `--show`. */
export const toolGet: Command<ToolGetFlags> = (context, [name = ''], { show = false, ...flags }) =>
  askService(context, flags, async ({ api, environment: usual }) => {
    const { terminal } = context
    const [, named, tool = ''] = /^(?:([^/]+)\/)?([^/]+)$/.exec(name) ?? []
    const environment = named ?? usual
    if (tool === '') throw new UsageError('Which tool? keyplane tool get ENVIRONMENT/TOOL')
    if (environment === undefined)
      throw new UsageError(`In which environment? keyplane tool get ENVIRONMENT/${tool}; see: keyplane tool list`)
    const configuration = parseToolConfiguration(await api.call(toolConfigurationTarget(environment, tool)))
    if (terminal.json) terminal.data(JSON.stringify(inJson(configuration, show)))
    else tell(configuration, show, terminal)
    return codeOf(configuration)
  })

/** What is not whole is told by what it lacks first. */
const codeOf = ({ errors, missing }: ToolConfiguration): number => {
  const [failed] = errors
  if (failed) return exitCodeOf[failed.code]
  return missing.length > 0 ? exitCodes.absent : exitCodes.ok
}

const valueOf = (secret: Secret): string => {
  const { value } = secret
  return value.kind === 'text' ? value.reveal() : Buffer.from(value.reveal()).toString('base64')
}

type Secret = ToolConfiguration['secrets'] extends ReadonlyMap<string, infer S> ? S : never

const inJson = ({ secrets, ...rest }: ToolConfiguration, show: boolean): object => ({
  ...rest,
  secrets: Object.fromEntries(
    [...secrets].map(([name, secret]) => {
      const { value, ...facts } = secret
      const encoding = value.kind === 'bytes' ? { encoding: 'base64' } : {}
      return [name, { ...facts, ...(show && { value: valueOf(secret), ...encoding }) }]
    }),
  ),
})

const tell = (
  { environment, tool, status, settings, secrets, missing, errors }: ToolConfiguration,
  show: boolean,
  terminal: Terminal,
): void => {
  const rows = [
    ['tool', `${environment}/${tool}`, status],
    ...Object.entries(settings).map(([name, value]) => ['setting', name, JSON.stringify(value)]),
    ...[...secrets].map(([name, secret]) => {
      const { source = '', versionId = '', stale } = secret
      return ['secret', name, show ? printable(valueOf(secret)) : '****', source, versionId, stale ? 'stale' : '']
    }),
    ...missing.map((name) => ['missing', name]),
    ...errors.map(({ secret, code }) => ['error', secret, code]),
  ]
  terminal.data(table(rows.map((row) => row.map(printable))))
  if (!show && secrets.size > 0) terminal.words(terminal.style('dim', 'The values themselves: --show'))
}
