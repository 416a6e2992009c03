import { launchAgent, openAgentLog, type RunningAgent } from '@keyplane/agent'
import { type Clock, type SecretsError, systemClock, toSecretsError } from '@keyplane/core'
import { type Environment, readExtensionSettings } from './config.ts'
import { type ExtensionEvent, ExtensionsApi } from './extensions-api.ts'
import { lambdaClock } from './lambda-clock.ts'

export interface ExtensionParts {
  /** The extension's file name, by which Lambda knows it. */
  readonly name: string
  readonly env: Environment
  readonly clock?: Clock
  /** Where the agent's lines go. */
  readonly stdout: (text: string) => void
}

/** The function's own start waits for what is read ahead, but not for longer. */
const prefetchMs = 2_000
/** What is left of the time when the agent is to be done, for the process to end. */
const reserveMs = 150

/**
 * The extension from its start to the end of its environment. Gives the exit code: 0 after an orderly end, 1 where it
 * could not begin or lost touch with Lambda, which is told why.
 */
export const runExtension = async (parts: ExtensionParts): Promise<number> => {
  const api = new ExtensionsApi(parts.env['AWS_LAMBDA_RUNTIME_API'] || '127.0.0.1')
  let agent: LambdaAgent
  try {
    agent = await begun(parts)
  } catch (thrown) {
    return notBegun(api, parts, toSecretsError(thrown))
  }
  try {
    await api.register(parts.name)
    await agent.endBy(await untilShutdown(api, agent))
    return 0
  } catch (thrown) {
    const error = toSecretsError(thrown)
    agent.log(error)
    // Lambda may be what does not answer.
    await api.exitError(error).catch(() => {})
    await agent.endBy(undefined)
    return 1
  }
}

interface LambdaAgent {
  /** The function is invoked: secrets may be read. */
  readonly open: () => void
  readonly log: (error: SecretsError) => void
  /** Lets running requests end, and resolves by then whatever they do. */
  readonly endBy: (deadlineAtMs: number | undefined) => Promise<void>
}

const begun = async ({ env, clock: given = systemClock, stdout }: ExtensionParts): Promise<LambdaAgent> => {
  const clock = lambdaClock(given)
  const { agent: config, reads, isSnapStart } = readExtensionSettings(env)
  const log = openAgentLog(config, { write: stdout })
  let open = (): void => {}
  const opens = new Promise<void>((resolve) => {
    open = resolve
  })
  // The log says where it listens.
  const options = { env, clock, log, announce: () => {}, reads, ...(isSnapStart && { opens }) }
  const agent = await launchAgent(config, options)
  if (!isSnapStart) await atMost(prefetchMs, agent.prefetched, clock)
  return {
    open,
    log: ({ code, message }) => log.error({ code }, message),
    endBy: (deadlineAtMs) => ended(agent, deadlineAtMs ?? clock.nowMs() + prefetchMs, clock),
  }
}

const untilShutdown = async (api: ExtensionsApi, { open }: LambdaAgent): Promise<number> => {
  for (;;) {
    const event: ExtensionEvent = await api.next()
    if (event.kind === 'SHUTDOWN') return event.deadlineAtMs
    open()
  }
}

const ended = (agent: RunningAgent, deadlineAtMs: number, clock: Clock): Promise<void> => {
  const leftMs = Math.max(0, deadlineAtMs - clock.nowMs() - reserveMs)
  return atMost(leftMs, agent.close(leftMs), clock)
}

/** Lambda takes a reason only from an extension that it knows. */
const notBegun = async (api: ExtensionsApi, { name, stdout }: ExtensionParts, error: SecretsError): Promise<number> => {
  stdout(`${error.message}\n`)
  try {
    await api.register(name)
    await api.initError(error)
  } catch (thrown) {
    stdout(`${toSecretsError(thrown).message}\n`)
  }
  return 1
}

const atMost = (waitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(waitMs, resolve, { keepsAlive: true })
    work.then(() => resolve(), reject).finally(() => timer.cancel())
  })
